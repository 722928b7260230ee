import type { FlowState } from '../../src/inspector/api.js'
import { h } from '../element.js'

/** What can be looked for. */
const FILTERS: { key: string; label: string; states?: readonly FlowState[] }[] = [
  { key: 'all', label: 'All' },
  { key: 'way', label: 'On the way', states: ['waiting', 'retrying', 'parked'] },
  { key: 'accepted', label: 'Accepted', states: ['delivered'] },
  { key: 'trouble', label: 'In trouble', states: ['retrying', 'parked', 'dead', 'expired', 'rejected'] },
  { key: 'left-out', label: 'Left out', states: ['dropped', 'duplicate'] },
]

/** The states that a filter lets through; all of them unless it names some. */
export const statesOf = (filter: string): readonly FlowState[] | undefined =>
  FILTERS.find(({ key }) => key === filter)?.states

/** Which events are shown, and whether new ones are. */
export function flowTools({ filter, paused }: { filter: string; paused: boolean }): HTMLElement {
  return h(
    'div',
    { class: 'tools', 'data-key': 'tools' },
    h(
      'div',
      { class: 'segments', role: 'group', 'aria-label': 'Which events' },
      ...FILTERS.map(({ key, label }) =>
        h(
          'button',
          {
            type: 'button',
            'data-key': key,
            'data-action': 'flow-filter',
            'data-filter': key,
            'aria-pressed': String(key === filter),
          },
          label,
        ),
      ),
    ),
    h(
      'label',
      { class: 'search' },
      h('span', { class: 'unseen' }, 'Search by event name or id'),
      h('input', {
        type: 'search',
        placeholder: 'Event name or id',
        'data-action': 'flow-search',
        autocomplete: 'off',
        spellcheck: 'false',
      }),
    ),
    h(
      'button',
      { type: 'button', class: 'plain', 'data-action': 'flow-pause', 'aria-pressed': String(paused) },
      paused ? 'Follow' : 'Pause',
    ),
  )
}
