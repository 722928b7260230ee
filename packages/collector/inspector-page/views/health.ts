import type { Health, Note, Summary } from '../../src/inspector/api.js'
import type { Counts } from '../../src/inspector/counts.js'
import { attentions, type Attention } from '../attention.js'
import { nothingIn, RANGE_WORDS } from '../choice.js'
import { h, type Child } from '../element.js'
import { formatBytes, formatCount, formatDay, formatDuration, formatHour, formatShare, formatShort } from '../format.js'
import { latencyAt } from '../latency.js'
import { chart, type ChartData } from '../parts/chart.js'
import { createDeadLetters } from '../parts/dead-letters.js'
import { heading, table, tile, tiles } from '../parts/pieces.js'
import { get } from '../server.js'
import { metaName, type Page, type View } from '../view.js'
import { DROP_WORDS, plainCode, TURNED_AWAY_WORDS } from '../words.js'

/** Is it working? And if not, what to do. */
export function createHealthView(): View {
  let summary: Summary | undefined
  let drawn: ChartData[] = []
  const letters = createDeadLetters()

  return {
    title: 'Health',

    async load(page) {
      const { range, pixel } = page.choice
      const [sums] = await Promise.all([
        get<Summary>('summary', { range, pixel, offset: -new Date().getTimezoneOffset() }),
        letters.load(page),
      ])
      summary = sums
    },

    charts: () => drawn,
    act: (action, element, page) => letters.act(action, element, page),

    build(page) {
      const { health } = page
      if (!summary || !health) return h('div', { class: 'view health' }, heading('Is it working?', '…'))
      drawn = chartsOf(summary)
      const all = attentions(health, summary)
      return h(
        'div',
        { class: 'view health' },
        heading('Is it working?', ...lede(all, summary, page)),
        all.length > 0 && h('ul', { class: 'attentions', 'aria-label': 'What needs you' }, ...all.map(attentionItem)),
        figures(health, summary, page),
        h('div', { class: 'charts' }, ...drawn.map(chart)),
        causes(summary),
        lanes(health),
        books(health),
        letters.build(),
      )
    },
  }
}

function lede(all: readonly Attention[], { total }: Summary, page: Page): Child[] {
  const { delivered = 0, events = 0 } = total
  const range = RANGE_WORDS[page.choice.range].long
  if (all.some(({ tone }) => tone === 'bad'))
    return [
      'Not quite. ',
      h('b', {}, `${all.length === 1 ? 'One thing needs' : `${formatCount(all.length)} things need`} you.`),
    ]
  if (events === 0) return [nothingIn(page.choice), ', and nothing is wrong here.']
  return [
    'Yes. ',
    h('b', {}, formatCount(delivered)),
    ` of ${formatCount(events)} events of ${range} have reached ${metaName(page)}`,
    all.length > 0 ? '; have a look at what is below.' : '.',
  ]
}

function attentionItem({ key, tone, title, text }: Attention): HTMLElement {
  return h('li', { class: tone, 'data-key': key }, h('b', {}, title), h('p', {}, text))
}

function figures({ queue, nowMs }: Health, summary: Summary, page: Page): HTMLElement {
  const { total } = summary
  const median = latencyAt(total, 0.5)
  const slow = latencyAt(total, 0.95)
  const oldest = queue?.oldestReceivedAtMs
  const { delivered = 0, dead = 0, expired = 0 } = total
  const minutes = Math.max(1, (Math.min(nowMs, summary.toMs) - summary.fromMs) / 60_000)
  return tiles(
    'How it stands',
    tile(
      'Waiting now',
      queue ? formatCount(queue.waitingEvents) : '–',
      oldest === undefined ? 'nothing is late' : `oldest for ${formatDuration(nowMs - oldest)}`,
    ),
    tile(
      'Delivered',
      formatCount(delivered),
      `${formatShort(delivered / minutes)} a minute in ${RANGE_WORDS[page.choice.range].long}`,
    ),
    tile(
      'Meta’s latency',
      median === undefined ? '–' : formatDuration(median),
      slow === undefined ? 'no requests' : `95 of 100 within ${formatDuration(slow)}`,
    ),
    tile(
      'Not taken by Meta',
      formatCount(dead + expired),
      dead + expired > 0 ? 'kept as dead letters' : 'no dead letters',
      dead + expired > 0 ? 'warn' : undefined,
    ),
    total['max.usage'] !== undefined &&
      tile(
        'Meta’s rate limit',
        formatShare(total['max.usage'], 1),
        'used at most',
        total['max.usage'] > 0.8 ? 'warn' : undefined,
      ),
    tile(
      'On disk',
      queue ? formatBytes(queue.bytes) : '–',
      queue && queue.maxBytes > 0 ? `of ${formatBytes(queue.maxBytes)}` : undefined,
    ),
  )
}

function chartsOf(summary: Summary): ChartData[] {
  const { points, total } = summary
  const common = { fromMs: summary.fromMs, toMs: summary.toMs, stepMs: summary.stepMs }
  const values = (pick: (counts: Counts) => number | undefined): Map<number, number> =>
    new Map(
      points.flatMap(({ atMs, counts }) => {
        const value = pick(counts)
        return value === undefined ? [] : [[atMs, value] as const]
      }),
    )
  return [
    {
      ...common,
      key: 'throughput',
      title: 'Received and delivered',
      kind: 'lines',
      summary: `${formatCount(total['events'] ?? 0)} events received, ${formatCount(total['delivered'] ?? 0)} delivered.`,
      series: [
        { label: 'Received', ink: 'ink-received', values: values((counts) => counts['events'] ?? 0) },
        { label: 'Delivered', ink: 'ink-delivered', values: values((counts) => counts['delivered'] ?? 0) },
      ],
      format: formatShort,
      empty: 'No events in this time.',
    },
    {
      ...common,
      key: 'latency',
      title: 'Meta’s latency',
      kind: 'lines',
      summary: `Half of the requests to Meta ended within ${formatDuration(latencyAt(total, 0.5) ?? 0)}.`,
      series: [
        { label: 'Median', ink: 'ink-median', values: values((counts) => latencyAt(counts, 0.5)) },
        { label: '95 of 100', ink: 'ink-slow', values: values((counts) => latencyAt(counts, 0.95)) },
      ],
      format: formatDuration,
      empty: 'No requests to Meta in this time.',
    },
    {
      ...common,
      key: 'waiting',
      title: 'Waiting in the queue',
      kind: 'columns',
      summary: `At most ${formatCount(total['max.waiting'] ?? 0)} events waited at once.`,
      series: [{ label: 'Waiting at most', ink: 'ink-received', values: values((counts) => counts['max.waiting']) }],
      format: formatShort,
      empty: 'Nothing has waited in this time.',
    },
  ]
}

interface Cause {
  key: string
  what: string
  cause: string
  count: number
  words?: string | undefined
  note?: Note | undefined
}

/** Kinds of trouble: how the counters begin, and what to call them. */
const TROUBLES: { prefix: string; what: string; kind?: Note['kind']; words?: Record<string, string> }[] = [
  { prefix: 'attempt.park.', what: 'Parked', kind: 'attempt' },
  { prefix: 'attempt.retry.', what: 'Tried again', kind: 'attempt' },
  { prefix: 'attempt.split.', what: 'Batch split', kind: 'attempt' },
  { prefix: 'dead.', what: 'Dead letter', kind: 'dead' },
  { prefix: 'expired.', what: 'Expired', kind: 'dead' },
  { prefix: 'rejected.', what: 'Event refused here', kind: 'rejected' },
  { prefix: 'turned_away.', what: 'Request turned away', words: TURNED_AWAY_WORDS },
  { prefix: 'dropped.', what: 'Left out', words: DROP_WORDS },
]

function causesOf({ total, notes }: Summary): Cause[] {
  return TROUBLES.flatMap(({ prefix, what, kind, words }) =>
    Object.entries(total)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, count]): Cause => {
        const cause = name.slice(prefix.length)
        return {
          key: name,
          what,
          cause,
          count,
          words: words?.[cause],
          note: notes.find((note) => note.kind === kind && note.cause === cause),
        }
      })
      .sort((a, b) => b.count - a.count),
  )
}

function causes(summary: Summary): HTMLElement {
  const rows = causesOf(summary)
  return h(
    'section',
    { 'data-key': 'causes' },
    h('h2', {}, 'What went wrong, by cause'),
    rows.length === 0
      ? h('p', { class: 'soft' }, 'Nothing, in this time.')
      : table<Cause>(
          'What went wrong, by cause',
          [
            { label: 'What', name: 'What', cell: ({ what }) => what },
            { label: 'Cause', name: 'Cause', cell: ({ cause }) => plainCode(cause) },
            { label: 'Times', name: 'Times', number: true, cell: ({ count }) => formatCount(count) },
            {
              label: 'Last',
              name: 'Last',
              cell: ({ note }) => (note ? `${formatDay(note.atMs)}, ${formatHour(note.atMs)}` : '–'),
            },
            {
              label: 'What to do',
              name: 'What to do',
              class: 'wide',
              cell: ({ words, note }) => remedyCell(words, note),
            },
          ],
          rows,
          ({ key }) => key,
        ),
  )
}

function remedyCell(words: string | undefined, note: Note | undefined): Child {
  if (!note) return words ?? '–'
  return [
    note.remedy ?? words,
    note.message && h('span', { class: 'quote' }, `“${note.message}”`),
    note.code !== undefined &&
      h('span', { class: 'soft' }, ` code ${note.code}${note.subcode === undefined ? '' : ` / ${note.subcode}`}`),
  ]
}

function lanes({ lanes: rows, nowMs }: Health): HTMLElement {
  return h(
    'section',
    { 'data-key': 'lanes' },
    h('h2', {}, 'Pixels on their way'),
    rows.length === 0
      ? h('p', { class: 'soft' }, 'No pixel waits, none is held.')
      : table(
          'Pixels with waiting events or on hold',
          [
            {
              label: 'Pixel',
              name: 'Pixel',
              cell: ({ pixelId, testEventCode }) => [
                h('code', {}, pixelId),
                testEventCode !== undefined && ` test ${testEventCode}`,
              ],
            },
            {
              label: 'Waiting',
              name: 'Waiting',
              number: true,
              cell: ({ waitingEvents }) => formatCount(waitingEvents),
            },
            {
              label: 'Oldest',
              name: 'Oldest',
              number: true,
              cell: ({ oldestReceivedAtMs }) =>
                oldestReceivedAtMs === undefined ? '–' : formatDuration(nowMs - oldestReceivedAtMs),
            },
            {
              label: 'State',
              name: 'State',
              cell: ({ hold }) =>
                h(
                  'span',
                  { class: `state ${hold === undefined ? 'good' : hold.kind === 'parked' ? 'bad' : 'warn'}` },
                  hold === undefined ? 'Sending' : hold.kind === 'parked' ? 'Parked' : 'Waiting as Meta asks',
                ),
            },
            {
              label: 'Why',
              name: 'Why',
              class: 'wide',
              cell: ({ hold }) =>
                hold ? `${hold.reason} Next try in ${formatDuration(Math.max(0, hold.untilMs - nowMs))}.` : '–',
            },
          ],
          rows,
          ({ pixelId, testEventCode }) => `${pixelId} ${testEventCode ?? ''}`,
        ),
  )
}

function books({ books: rows }: Health): HTMLElement {
  return h(
    'section',
    { 'data-key': 'books' },
    h('h2', {}, 'The books'),
    h(
      'p',
      { class: 'soft' },
      'Everything ever received = delivered + dead + expired + left out + waiting. Always, also across restarts.',
    ),
    rows.length === 0
      ? h('p', { class: 'soft' }, 'Nothing has been received yet.')
      : table(
          'The books of each pixel since the beginning',
          [
            { label: 'Pixel', name: 'Pixel', cell: ({ pixelId }) => h('code', {}, pixelId) },
            { label: 'Received', name: 'Received', number: true, cell: ({ received }) => formatCount(received) },
            { label: 'Delivered', name: 'Delivered', number: true, cell: ({ delivered }) => formatCount(delivered) },
            { label: 'Dead', name: 'Dead', number: true, cell: ({ dead }) => formatCount(dead) },
            { label: 'Expired', name: 'Expired', number: true, cell: ({ expired }) => formatCount(expired) },
            {
              label: 'Left out',
              name: 'Left out',
              number: true,
              cell: ({ dropped }) => formatCount(Object.values(dropped).reduce((sum, count) => sum + count, 0)),
            },
            { label: 'Waiting', name: 'Waiting', number: true, cell: ({ waiting }) => formatCount(waiting) },
            {
              label: 'Gap',
              name: 'Gap',
              number: true,
              cell: ({ gap }) =>
                h('span', { class: `state ${gap === 0 ? 'good' : 'bad'}` }, gap === 0 ? 'none' : formatCount(gap)),
            },
          ],
          rows,
          ({ pixelId }) => pixelId,
          { pairs: true },
        ),
  )
}
