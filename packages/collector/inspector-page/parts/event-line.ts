import type { FlowEvent, FlowRow } from '../../src/inspector/api.js'
import type { LaneHold } from '../../src/queue/queue.js'
import { h } from '../element.js'
import { count, formatClock, formatDay, formatMoney } from '../format.js'
import type { Page } from '../view.js'
import { plainCode, STATE_WORDS, TWIN_WORDS } from '../words.js'
import { story } from './story.js'

/** The story of a line that was opened, or why it is not there. */
export type Opened = FlowEvent | 'loading' | 'gone'

/** What each line on the page was made from. */
export function shownVersions(): ReadonlyMap<string, string> {
  const lines = document.querySelectorAll<HTMLElement>('.events > li')
  return new Map([...lines].map(({ dataset }) => [dataset['key'] ?? '', dataset['version'] ?? '']))
}

/** One event in the list, and below it its story when it is open. @param shown what the lines on the page were made from */
export function eventLine(
  row: FlowRow,
  page: Page,
  opened: Opened | undefined,
  shown: ReadonlyMap<string, string>,
): HTMLElement {
  const { id, atMs, eventName, eventId, pixelId, twin, state, money, repairs, dropReason } = row
  const hold = holdOf(row, page)
  const words = STATE_WORDS[state === 'waiting' && hold?.kind === 'parked' ? 'parked' : state]
  // In the sandbox's case Meta has not seen it.
  const stateWord = state === 'delivered' && page.setup.sandbox ? 'Accepted' : words.short
  const recovered = twin === 'blocked' || twin === 'absent'
  const when = formatWhen(atMs, page.setup.nowMs)
  const namePixel = page.setup.pixels.length > 1 && !page.choice.pixel
  const version = [stateWord, when, namePixel, opened === undefined ? '' : JSON.stringify([opened, hold])].join()
  // Hundreds of lines, of which few change at a time: those that do not are not built again.
  if (shown.get(String(id)) === version) return h('li', { 'data-key': id, 'data-version': version })
  return h(
    'li',
    { 'data-key': id, 'data-version': version, class: opened ? 'open' : '' },
    h(
      'button',
      {
        type: 'button',
        class: 'event',
        'data-action': 'flow-open',
        'data-id': id,
        'aria-expanded': String(opened !== undefined),
        'aria-controls': `story-${id}`,
      },
      h('time', { class: 'when', datetime: new Date(atMs).toISOString() }, when),
      h(
        'span',
        { class: 'what' },
        h('b', {}, eventName || (state === 'dropped' ? 'Left out' : 'Not readable')),
        money && h('span', { class: 'money' }, formatMoney(money.value, money.currency)),
        eventId && h('span', { class: 'id' }, eventId),
        namePixel && pixelId && h('span', { class: 'id' }, `pixel ${pixelId}`),
      ),
      h(
        'span',
        { class: `copy${recovered ? ' recovered' : ''}` },
        state !== 'dropped' && [h('i', { class: `swatch ink-${twin}`, 'aria-hidden': 'true' }), TWIN_WORDS[twin].short],
        dropReason !== undefined && plainCode(dropReason),
      ),
      h('span', { class: 'extra' }, repairs.length > 0 && count(repairs.length, 'repair', 'repairs')),
      h('span', { class: `state ${words.tone}` }, stateWord),
    ),
    h(
      'div',
      { id: `story-${id}`, class: 'story-place', hidden: opened === undefined },
      opened === 'loading' && h('p', { class: 'soft' }, 'Loading …'),
      opened === 'gone' && h('p', { class: 'soft' }, 'The details of this event are no longer kept.'),
      typeof opened === 'object' && story(opened, hold),
    ),
  )
}

/** Why nothing of this event's pixel is being sent right now. */
function holdOf({ pixelId, testEventCode }: FlowRow, { health }: Page): LaneHold | undefined {
  return health?.lanes.find((lane) => lane.pixelId === pixelId && lane.testEventCode === testEventCode)?.hold
}

const formatWhen = (ms: number, nowMs: number): string =>
  nowMs - ms > 72_000_000 ? `${formatDay(ms)} ${formatClock(ms)}` : formatClock(ms)
