import type { FlowEvent, FlowRow, Summary } from '../../src/inspector/api.js'
import { nothingIn, RANGE_WORDS } from '../choice.js'
import { h, type Child } from '../element.js'
import { withNews } from '../flow-rows.js'
import { formatCount } from '../format.js'
import { eventLine, shownVersions, type Opened } from '../parts/event-line.js'
import { flowTools, statesOf } from '../parts/flow-tools.js'
import { noEvents } from '../parts/no-events.js'
import { heading } from '../parts/pieces.js'
import { way } from '../parts/way.js'
import { get } from '../server.js'
import type { News, Page, View } from '../view.js'

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
  const open = new Map<number, Opened>()

  const states = () => statesOf(filter)

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
        flowTools({ filter, paused }),
        behind.length > 0 &&
          h(
            'button',
            { type: 'button', class: 'behind', 'data-key': 'behind', 'data-action': 'flow-catch-up' },
            `Show ${formatCount(behind.length)} new event${behind.length === 1 ? '' : 's'}`,
          ),
        rows.length === 0
          ? noEvents(page, filter !== 'all' || search !== '')
          : h(
              'ol',
              { class: 'events', 'data-key': 'events', 'aria-label': 'Latest events, newest first' },
              ...rows.map((row) => eventLine(row, page, open.get(row.id), versions)),
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

function lede(page: Page, summary: Summary | undefined): Child[] {
  if (!summary) return ['…']
  const { events = 0, delivered = 0 } = summary.total
  const range = RANGE_WORDS[page.choice.range].long
  if (events === 0) return [nothingIn(page.choice), '.']
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
