import type { FlowEvent, FlowRow, FlowState, Summary } from '../../src/inspector/api.js'
import type { LaneHold } from '../../src/queue/queue.js'
import { RANGE_WORDS } from '../choice.js'
import { h, type Child } from '../element.js'
import { formatClock, formatCount, formatDay, formatMoney } from '../format.js'
import { emptyState, heading } from '../parts/pieces.js'
import { story } from '../parts/story.js'
import { get } from '../server.js'
import type { News, Page, View } from '../view.js'
import { plainCode, STATE_WORDS, TWIN_WORDS } from '../words.js'

/** What can be looked for. */
const FILTERS: { key: string; label: string; states?: readonly FlowState[] }[] = [
  { key: 'all', label: 'All' },
  { key: 'way', label: 'On the way', states: ['waiting', 'retrying', 'parked'] },
  { key: 'accepted', label: 'Accepted', states: ['delivered'] },
  { key: 'trouble', label: 'In trouble', states: ['retrying', 'parked', 'dead', 'expired', 'rejected'] },
  { key: 'left-out', label: 'Left out', states: ['dropped', 'duplicate'] },
]

const SHOWN_AT_MOST = 300

/** Each event as it travels. */
export function createFlowView(): View {
  let rows: FlowRow[] = []
  let behind: FlowRow[] = []
  let summary: Summary | undefined
  let filter = 'all'
  let search = ''
  let paused = false
  let more = false
  /** What the rows answer to. */
  let shown = ''
  /** What came while the server was asked: its answer may be older. */
  let meanwhile: News | undefined
  const open = new Map<number, FlowEvent | 'loading' | 'gone'>()

  const states = (): readonly FlowState[] | undefined => FILTERS.find(({ key }) => key === filter)?.states

  function query(page: Page) {
    return { pixel: page.choice.pixel, search, states: states()?.join(',') }
  }

  function fits(row: FlowRow, page: Page): boolean {
    const wanted = states()
    const text = `${row.eventName}\n${row.eventId ?? ''}`.toLowerCase()
    return (
      (!page.choice.pixel || row.pixelId === page.choice.pixel) &&
      (!wanted || wanted.includes(row.state)) &&
      text.includes(search.toLowerCase())
    )
  }

  async function loadStory(id: number, page: Page): Promise<void> {
    open.set(id, open.get(id) ?? 'loading')
    try {
      open.set(id, await get<FlowEvent>(`events/${id}`))
    } catch {
      open.set(id, 'gone')
    }
    page.paint()
  }

  return {
    title: 'Flow',

    async load(page, why) {
      const { range, pixel } = page.choice
      const asked = JSON.stringify(query(page))
      // While somebody reads or has paused, the rows stay as they are. News come by themselves (`news()`), except where what an
      // event has come to decides whether it is shown.
      const stay = asked === shown && (paused || open.size > 0 || (why === 'news' && !states()))
      if (!stay) meanwhile = { rows: [], states: [] }
      const [sums, latest] = await Promise.all([
        get<Summary>('summary', { range, pixel, offset: -new Date().getTimezoneOffset() }),
        stay ? undefined : get<FlowRow[]>('events', query(page)),
      ])
      summary = sums
      if (!latest) return
      if (asked !== shown) open.clear()
      shown = asked
      more = latest.length === 100
      rows = withNews(latest, meanwhile)
      meanwhile = undefined
      behind = []
    },

    news(news: News, page: Page) {
      const fresh = { rows: news.rows.filter((row) => fits(row, page)), states: news.states }
      meanwhile?.rows.push(...fresh.rows)
      meanwhile?.states.push(...fresh.states)
      if (paused || open.size > 0) {
        behind = withNews(behind, fresh)
        rows = withNews(rows, { rows: [], states: fresh.states })
      } else {
        rows = withNews(rows, fresh).slice(0, SHOWN_AT_MOST)
      }
      const now = new Set(news.states.map(({ id }) => id))
      for (const id of open.keys()) if (now.has(id)) void loadStory(id, page)
      return false
    },

    act(action, element, page) {
      if (action === 'flow-open') {
        const id = Number(element.dataset['id'])
        if (open.delete(id)) page.paint()
        else void loadStory(id, page)
      } else if (action === 'flow-filter') {
        filter = element.dataset['filter'] ?? 'all'
        open.clear()
        page.refresh()
      } else if (action === 'flow-search') {
        search = (element as HTMLInputElement).value.trim()
        open.clear()
        page.refresh()
      } else if (action === 'flow-pause') {
        paused = !paused
        page.announce(paused ? 'Paused.' : 'Following new events.')
        if (!paused) page.refresh()
        page.paint()
      } else if (action === 'flow-catch-up') {
        rows = [...behind, ...rows].slice(0, SHOWN_AT_MOST)
        behind = []
        open.clear()
        page.paint()
      } else if (action === 'flow-more') {
        const before = rows.at(-1)?.id
        void get<FlowRow[]>('events', { ...query(page), before }).then((older) => {
          rows = [...rows, ...older]
          more = older.length === 100
          page.paint()
        })
      }
    },

    build(page) {
      const versions = shownVersions()
      return h(
        'div',
        { class: 'view flow' },
        heading('Events as they travel', lede(page, summary)),
        summary && way(summary),
        h(
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
        ),
        behind.length > 0 &&
          h(
            'button',
            { type: 'button', class: 'behind', 'data-key': 'behind', 'data-action': 'flow-catch-up' },
            `Show ${formatCount(behind.length)} new event${behind.length === 1 ? '' : 's'}`,
          ),
        rows.length === 0
          ? nothing(page, filter !== 'all' || search !== '')
          : h(
              'ol',
              { class: 'events', 'data-key': 'events', 'aria-label': 'Latest events, newest first' },
              ...rows.map((row) => line(row, page, open.get(row.id), versions)),
            ),
        rows.length > 0 &&
          h(
            'p',
            { class: 'soft small', 'data-key': 'sampled' },
            'At most 40 events a second are shown here, the latest 5,000 are kept; all of them are counted.',
          ),
        more &&
          rows.length > 0 &&
          h(
            'button',
            { type: 'button', class: 'plain more', 'data-key': 'more', 'data-action': 'flow-more' },
            'Older events',
          ),
      )
    },
  }
}

/** Rows, newest first, after some more came and some went on. */
function withNews(rows: readonly FlowRow[], news: News | undefined): FlowRow[] {
  if (!news) return [...rows]
  const known = new Set(rows.map(({ id }) => id))
  const states = new Map(news.states.map(({ id, state }) => [id, state]))
  const more = news.rows.filter(({ id }) => !known.has(id)).reverse()
  return [...more, ...rows].map((row) => {
    const state = states.get(row.id)
    return state === undefined ? row : { ...row, state }
  })
}

function lede(page: Page, summary: Summary | undefined): Child[] {
  if (!summary) return ['…']
  const { events = 0, delivered = 0 } = summary.total
  const range = RANGE_WORDS[page.choice.range].long
  if (events === 0) return [`Nothing was received in ${range}.`]
  return [
    'In ',
    range,
    ' ',
    h('b', {}, formatCount(events)),
    ` event${events === 1 ? ' was' : 's were'} received and `,
    h('b', {}, formatCount(delivered)),
    ` accepted by ${page.setup.sandbox ? 'the sandbox, which stands in for Meta' : 'Meta'}.`,
  ]
}

/** The four stations of the way, with how many passed each. */
function way({ total }: Summary): HTMLElement {
  const sum = (prefix: string): number =>
    Object.entries(total).reduce((all, [name, value]) => all + (name.startsWith(prefix) ? value : 0), 0)
  const { events = 0, rejected = 0, dropped = 0, delivered = 0, dead = 0, expired = 0 } = total
  const stations: { label: string; value: number; note: Child }[] = [
    {
      label: 'Received',
      value: events + rejected + dropped,
      note: leftOut(rejected, dropped),
    },
    { label: 'Enriched', value: events, note: count(sum('repair.'), 'repair', 'repairs') },
    { label: 'Sent', value: delivered + dead, note: count(total['attempts'] ?? 0, 'request', 'requests') },
    {
      label: 'Accepted',
      value: delivered,
      note: dead + expired > 0 ? count(dead + expired, 'dead letter', 'dead letters') : 'no dead letters',
    },
  ]
  return h(
    'ol',
    { class: 'way', 'aria-label': 'How many events passed each station' },
    ...stations.map(({ label, value, note }) =>
      h(
        'li',
        {},
        h('span', { class: 'label' }, label),
        h('b', {}, formatCount(value)),
        h('span', { class: 'note' }, note),
      ),
    ),
  )
}

const count = (value: number, one: string, many: string): string => `${formatCount(value)} ${value === 1 ? one : many}`

function leftOut(refused: number, others: number): string {
  const parts = [refused > 0 && `${formatCount(refused)} refused`, others > 0 && `${formatCount(others)} left out`]
  return parts.filter(Boolean).join(', ') || 'none refused'
}

/** What each line on the page was made from. */
function shownVersions(): ReadonlyMap<string, string> {
  const lines = document.querySelectorAll<HTMLElement>('.events > li')
  return new Map([...lines].map(({ dataset }) => [dataset['key'] ?? '', dataset['version'] ?? '']))
}

function line(
  row: FlowRow,
  page: Page,
  opened: FlowEvent | 'loading' | 'gone' | undefined,
  shown: ReadonlyMap<string, string>,
): HTMLElement {
  const { id, atMs, eventName, eventId, pixelId, twin, state, money, repairs, dropReason } = row
  const hold = holdOf(row, page)
  const words = STATE_WORDS[state === 'waiting' && hold?.kind === 'parked' ? 'parked' : state]
  const recovered = twin === 'blocked' || twin === 'absent'
  const when = formatWhen(atMs, page.setup.nowMs)
  const namePixel = page.setup.pixels.length > 1 && !page.choice.pixel
  const version = [words.short, when, namePixel, opened === undefined ? '' : JSON.stringify([opened, hold])].join()
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
      h('span', { class: `state ${words.tone}` }, words.short),
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

function nothing(page: Page, filtered: boolean): HTMLElement {
  if (filtered)
    return emptyState(
      'No event fits',
      h('p', {}, 'Among the latest events that are kept here none fits the filter or the search.'),
    )
  return emptyState(
    'Waiting for the first event',
    h(
      'ol',
      {},
      h('li', {}, 'Put the tracker into your page, from the address at which visitors reach this collector:'),
    ),
    h(
      'pre',
      { tabindex: 0, 'aria-label': 'Script tag' },
      `<script async src="https://YOUR-COLLECTOR/tracker.js" data-pixel-id="${page.setup.pixels[0]?.id ?? 'YOUR-PIXEL-ID'}"></script>`,
    ),
    h(
      'ol',
      { start: 2 },
      h('li', {}, 'Open the page and do something that your Meta Pixel tracks. It shows up here within a second.'),
      h('li', {}, 'Do it again with an ad blocker on: the event comes all the same, marked as recovered.'),
    ),
    page.setup.sandbox &&
      h(
        'p',
        {},
        'With the example shop running: open it, and buy a mirror. Then block Meta’s script, at the foot of the page, and buy another.',
      ),
    h(
      'p',
      { class: 'soft' },
      'Nothing comes? The browser’s console says why; a page of another domain must be in ALLOWED_ORIGINS. ',
      h('code', {}, 'pixel-mirror check'),
      ' tests the rest.',
    ),
  )
}
