import type { Summary, Twin } from '../../src/inspector/api.js'
import { addCounts, type Counts } from '../../src/inspector/counts.js'
import { nothingIn, RANGE_WORDS } from '../choice.js'
import { h, withStyle, type Child } from '../element.js'
import { formatCount, formatMoneys, formatShare, formatShort } from '../format.js'
import { chart, type ChartData, type Series } from '../parts/chart.js'
import { emptyState, heading, table, tile, tiles } from '../parts/pieces.js'
import { shareBar } from '../parts/share-bar.js'
import { get } from '../server.js'
import { metaName, type Page, type View } from '../view.js'
import { TWIN_WORDS } from '../words.js'

const TWINS: readonly Twin[] = ['loaded', 'blocked', 'absent', 'server', 'unknown']

/** What the mirror won: events that Meta has only because of it. */
export function createValueView(): View {
  let summary: Summary | undefined
  let drawn: ChartData[] = []

  return {
    title: 'Value',

    async load({ choice: { range, pixel, name } }) {
      summary = await get<Summary>('summary', { range, pixel, name, offset: -new Date().getTimezoneOffset() })
    },

    charts: () => drawn,

    act(action, element, page) {
      if (action !== 'value-name') return
      const name = element.dataset['name'] ?? ''
      page.go({ name: name === page.choice.name ? '' : name })
    },

    build(page) {
      drawn = summary ? chartsOf(summary) : []
      if (!summary) return h('div', { class: 'view value' }, heading('What the mirror won', '…'))
      if (summary.names.length === 0)
        return h('div', { class: 'view value' }, heading('What the mirror won', nothingIn(page.choice), '.'), nothing())
      return h(
        'div',
        { class: 'view value' },
        heading('What the mirror won', ...lede(summary, page)),
        page.choice.name !== '' &&
          h(
            'p',
            { class: 'filtered', 'data-key': 'filtered' },
            'Only ',
            h('b', {}, page.choice.name),
            '. ',
            h(
              'button',
              { type: 'button', class: 'link', 'data-action': 'value-name', 'data-name': '' },
              'Show all event names',
            ),
          ),
        figures(summary, page.choice.name),
        h('div', { class: 'side-by-side' }, chart(drawn[0] as ChartData), shares(summary.total)),
        chart(drawn[1] as ChartData),
        names(summary, page),
      )
    },
  }
}

/** Events that bring money. The value of a basket or a looked-at product comes back in the purchase, and must not be added to it. */
const PAYING = new Set(['Purchase', 'Subscribe', 'StartTrial', 'Donate'])

/** The numbers of the events that bring money; of the one event name that is looked at, whatever it is. */
function payingOf({ names, total }: Summary, name: string): Counts {
  if (name !== '') return total
  const sum: Counts = {}
  for (const { eventName, counts } of names) if (PAYING.has(eventName)) addCounts(sum, counts)
  return sum
}

const recoveredOf = (counts: Counts): number => (counts['twin.blocked'] ?? 0) + (counts['twin.absent'] ?? 0)

/** Sums of money by currency, largest first. `recovered` for the part that only the mirror brought. */
function moneysOf(counts: Counts, recovered: boolean): [string, number][] {
  return Object.entries(counts)
    .flatMap(([name, value]): [string, number][] => {
      const [, currency, part] = /^money\.([^.]+)(\.recovered)?$/.exec(name) ?? []
      return currency !== undefined && (part !== undefined) === recovered ? [[currency, value]] : []
    })
    .sort(([, a], [, b]) => b - a)
}

function lede(summary: Summary, page: Page): Child[] {
  const { total } = summary
  const { events = 0 } = total
  const recovered = recoveredOf(total)
  const range = RANGE_WORDS[page.choice.range].long
  if (recovered === 0) {
    return [
      `All ${formatCount(events)} events of ${range} have a browser copy too, or came from your servers. Nothing had to be recovered.`,
    ]
  }
  return [
    'In ',
    range,
    ' ',
    h('b', {}, formatCount(recovered)),
    ' of ',
    formatCount(events),
    ' events (',
    formatShare(recovered, events),
    `) reached ${metaName(page)} only because of this mirror`,
    ...moneyWords(summary, page.choice.name),
    '.',
  ]
}

function moneyWords(summary: Summary, name: string): Child[] {
  const money = moneysOf(payingOf(summary, name), true).filter(([, value]) => value !== 0)
  return money.length === 0
    ? []
    : [', ', h('b', {}, formatMoneys(money)), name === '' ? ' of purchases among them' : '']
}

function figures(summary: Summary, name: string): HTMLElement {
  const { total } = summary
  const paying = payingOf(summary, name)
  const { events = 0 } = total
  const recovered = recoveredOf(total)
  const blocked = total['twin.blocked'] ?? 0
  return tiles(
    'In numbers',
    tile(
      'Recovered events',
      formatCount(recovered),
      `${formatShare(recovered, events)} of all events`,
      recovered > 0 ? 'good' : undefined,
    ),
    tile(
      name === '' ? 'Recovered purchases' : 'Recovered value',
      formatMoneys(moneysOf(paying, true)),
      `of ${formatMoneys(moneysOf(paying, false))}`,
    ),
    tile(
      'Blocked in the browser',
      formatCount(blocked),
      `${formatShare(blocked, blocked + (total['twin.loaded'] ?? 0))} of events on pages with a pixel`,
    ),
    tile('Both copies', formatCount(total['twin.loaded'] ?? 0), 'counted once, by event id'),
  )
}

function shares(total: Counts): HTMLElement {
  return shareBar(
    'Which copies Meta gets',
    TWINS.map((twin) => ({
      label: TWIN_WORDS[twin].short,
      ink: `ink-${twin}`,
      value: total[`twin.${twin}`] ?? 0,
      hint: TWIN_WORDS[twin].long,
    })),
  )
}

function chartsOf(summary: Summary): ChartData[] {
  const series = (twin: Twin): Series => ({
    label: TWIN_WORDS[twin].short,
    ink: `ink-${twin}`,
    values: new Map(summary.points.map(({ atMs, counts }) => [atMs, counts[`twin.${twin}`] ?? 0])),
  })
  const common = {
    kind: 'columns',
    fromMs: summary.fromMs,
    toMs: summary.toMs,
    stepMs: summary.stepMs,
    format: formatShort,
  } as const
  return [
    {
      ...common,
      key: 'recovered',
      title: 'Recovered over time',
      summary: `${formatCount(recoveredOf(summary.total))} events in all reached Meta only because of the mirror.`,
      series: [series('blocked'), series('absent')],
      empty: 'Nothing had to be recovered in this time.',
    },
    {
      ...common,
      key: 'copies',
      title: 'All events over time',
      summary: `${formatCount(summary.total['events'] ?? 0)} events in all.`,
      series: TWINS.filter((twin) => (summary.total[`twin.${twin}`] ?? 0) > 0).map(series),
      empty: 'No events in this time.',
    },
  ]
}

function names({ names: rows }: Summary, page: Page): HTMLElement {
  const most = Math.max(1, ...rows.map(({ counts }) => counts['events'] ?? 0))
  return table(
    'By event name',
    [
      {
        label: 'Event',
        name: 'Event',
        cell: ({ eventName }) =>
          h(
            'button',
            {
              type: 'button',
              class: 'link',
              'data-action': 'value-name',
              'data-name': eventName,
              'aria-pressed': String(eventName === page.choice.name),
            },
            eventName,
          ),
      },
      { label: 'Events', name: 'Events', number: true, cell: ({ counts }) => formatCount(counts['events'] ?? 0) },
      {
        label: h('span', { class: 'unseen' }, 'How many, as a bar'),
        name: '',
        class: 'bar-cell',
        cell: ({ counts }) => bar(counts, most),
      },
      { label: 'Recovered', name: 'Recovered', number: true, cell: ({ counts }) => formatCount(recoveredOf(counts)) },
      {
        label: 'Share',
        name: 'Share recovered',
        number: true,
        cell: ({ counts }) => formatShare(recoveredOf(counts), counts['events'] ?? 0),
      },
      {
        label: 'Recovered value',
        name: 'Recovered value',
        number: true,
        class: 'sums',
        cell: ({ counts }) => formatMoneys(moneysOf(counts, true)),
      },
      {
        label: 'Whole value',
        name: 'Whole value',
        number: true,
        class: 'sums',
        cell: ({ counts }) => formatMoneys(moneysOf(counts, false)),
      },
    ],
    rows.filter(({ counts }) => (counts['events'] ?? 0) > 0),
    ({ eventName }) => eventName,
    { caption: true },
  )
}

function bar(counts: Counts, most: number): HTMLElement {
  return withStyle(
    h(
      'span',
      { class: 'bar', 'aria-hidden': 'true' },
      ...TWINS.flatMap((twin) => {
        const value = counts[`twin.${twin}`] ?? 0
        return value === 0 ? [] : [withStyle(h('span', { class: `ink-${twin}` }), { 'flex-grow': String(value) })]
      }),
    ),
    { width: `${Math.max(1, (100 * (counts['events'] ?? 0)) / most)}%` },
  )
}

function nothing(): HTMLElement {
  return emptyState(
    'No events in this time',
    h(
      'p',
      {},
      'As soon as events come in, this page shows how many of them Meta would have missed: those whose browser copy was blocked, or whose page has no Meta Pixel.',
    ),
    h('p', {}, 'Try it: open your page with an ad blocker on and buy something. Or look at a longer time, above.'),
  )
}
