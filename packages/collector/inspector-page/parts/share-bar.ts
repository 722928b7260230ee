import { h, withStyle } from '../element.js'
import { formatCount, formatShare } from '../format.js'

export interface Share {
  label: string
  ink: string
  value: number
  /** One sentence for who wants to know. */
  hint?: string
}

/** How a whole is divided: one bar, and what its parts are. */
export function shareBar(title: string, shares: readonly Share[]): HTMLElement {
  const all = shares.reduce((sum, { value }) => sum + value, 0)
  const present = shares.filter(({ value }) => value > 0)
  return h(
    'section',
    { class: 'shares', 'aria-label': title },
    h('h2', {}, title),
    h(
      'div',
      { class: 'share-bar', 'aria-hidden': 'true' },
      ...present.map(({ ink, value }) => withStyle(h('span', { class: ink }), { 'flex-grow': String(value / all) })),
    ),
    h(
      'dl',
      {},
      ...shares
        .filter(({ value, ink }) => value > 0 || ink !== 'ink-unknown')
        .map(({ label, ink, value, hint }) =>
          h(
            'div',
            {},
            h('dt', {}, h('span', { class: `swatch ${ink}`, 'aria-hidden': 'true' }), label),
            h('dd', {}, h('b', {}, formatShare(value, all)), ' ', h('span', { class: 'soft' }, formatCount(value))),
            hint !== undefined && h('dd', { class: 'hint' }, hint),
          ),
        ),
    ),
  )
}
