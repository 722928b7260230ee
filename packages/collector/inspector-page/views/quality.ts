import type { MetaQuality, Summary } from '../../src/inspector/api.js'
import type { Counts } from '../../src/inspector/counts.js'
import { adviceFor, coverageOf, type Advice } from '../advice.js'
import { nothingIn, RANGE_WORDS } from '../choice.js'
import { h, type Child } from '../element.js'
import { formatCount, formatShare } from '../format.js'
import { isExpected, MATCH_KEYS } from '../match-keys.js'
import { emptyState, heading, table, type Column } from '../parts/pieces.js'
import { get } from '../server.js'
import type { Page, View } from '../view.js'

type Row = Summary['names'][number]

/** How well Meta can match events to people, and what would help. */
export function createQualityView(): View {
  let summary: Summary | undefined
  let meta: { pixel: string; quality: MetaQuality } | undefined

  return {
    title: 'Quality',

    async load({ choice: { range, pixel }, setup }) {
      const one = pixel || (setup.pixels.length === 1 ? (setup.pixels[0]?.id ?? '') : '')
      const [sums, quality] = await Promise.all([
        get<Summary>('summary', { range, pixel, offset: -new Date().getTimezoneOffset() }),
        one && !setup.sandbox ? get<MetaQuality>('meta-quality', { pixel: one }) : undefined,
      ])
      summary = sums
      meta = quality && { pixel: one, quality }
    },

    build(page) {
      const title = 'How well Meta can match'
      if (!summary) return h('div', { class: 'view quality' }, heading(title, '…'))
      const rows = summary.names.filter(({ counts }) => (counts['events'] ?? 0) > 0)
      if (rows.length === 0)
        return h('div', { class: 'view quality' }, heading(title, nothingIn(page.choice), '.'), nothing())
      const advice = adviceFor(rows)
      return h(
        'div',
        { class: 'view quality' },
        heading(title, ...lede(advice, rows, page)),
        advice.length > 0 &&
          h(
            'section',
            { class: 'advice', 'aria-labelledby': 'advice' },
            h('h2', { id: 'advice' }, 'What would help most'),
            h('ol', {}, ...advice.slice(0, 4).map(adviceCard)),
          ),
        h(
          'section',
          {},
          h('h2', {}, 'Share of events that carry each key'),
          h(
            'p',
            { class: 'soft' },
            'Coloured where nearly every event could have it. Before people say who they are, and for those who did not come by an ad, a small share is right.',
          ),
          coverage(rows),
        ),
        h('section', {}, h('h2', {}, 'Counting once, and in time'), delivery(rows)),
        metaSection(meta, page),
      )
    },
  }
}

function lede(advice: readonly Advice[], rows: readonly Row[], page: Page): Child[] {
  const [first] = advice
  const range = RANGE_WORDS[page.choice.range].long
  if (!first) return [`The ${formatCount(rows.length)} kinds of events of ${range} carry all that Meta recommends.`]
  return [
    'Meta matches each event to a person by what comes with it. The best next step: ',
    h('b', {}, first.headline),
    '.',
  ]
}

function adviceCard({ headline, why, how, code }: Advice): HTMLElement {
  return h(
    'li',
    { 'data-key': headline },
    h('h3', {}, headline),
    h('p', {}, why),
    h('p', {}, how),
    code !== undefined && h('pre', { tabindex: 0, 'aria-label': 'Code' }, code),
  )
}

/** A share as a number on a ground that says at a glance whether it is much. */
function cell(part: number, all: number, expected = true): HTMLElement {
  if (!expected) return h('span', { class: 'heat' }, formatShare(part, all))
  const share = all === 0 ? 0 : part / all
  const level = share >= 0.9 ? 'full' : share >= 0.6 ? 'much' : share >= 0.25 ? 'some' : share > 0 ? 'little' : 'none'
  return h('span', { class: `heat ${level}` }, formatShare(part, all))
}

function coverage(rows: readonly Row[]): HTMLElement {
  const eventsOf = (counts: Counts): number => counts['events'] ?? 0
  return table<Row>(
    'Share of events that carry each match key, by event name',
    [
      { label: 'Event', name: 'Event', cell: ({ eventName }) => eventName },
      { label: 'Events', name: 'Events', number: true, cell: ({ counts }) => formatCount(eventsOf(counts)) },
      ...MATCH_KEYS.map((key): Column<Row> => ({
        label: key.short,
        name: key.short,
        number: true,
        class: 'heat-cell',
        cell: ({ eventName, counts }) => cell(coverageOf(counts, key), eventsOf(counts), isExpected(key, eventName)),
      })),
    ],
    rows,
    ({ eventName }) => eventName,
    { pairs: true },
  )
}

function delivery(rows: readonly Row[]): HTMLElement {
  const sum = (counts: Counts, ...names: string[]): number => names.reduce((all, name) => all + (counts[name] ?? 0), 0)
  return table<Row>(
    'Event ids, address family and freshness, by event name',
    [
      { label: 'Event', name: 'Event', cell: ({ eventName }) => eventName },
      {
        label: 'With event id',
        name: 'With event id',
        number: true,
        class: 'heat-cell',
        cell: ({ counts }) => cell(sum(counts, 'id'), sum(counts, 'events')),
      },
      {
        label: 'IPv6',
        name: 'IPv6',
        number: true,
        cell: ({ counts }) => formatShare(sum(counts, 'ipv6'), sum(counts, 'key.client_ip_address')),
      },
      {
        label: 'At Meta within a minute',
        name: 'At Meta within a minute',
        number: true,
        class: 'heat-cell',
        cell: ({ counts }) => cell(sum(counts, 'fresh.minute'), sum(counts, 'delivered')),
      },
      {
        label: 'within an hour',
        name: 'Within an hour',
        number: true,
        cell: ({ counts }) => formatShare(sum(counts, 'fresh.minute', 'fresh.hour'), sum(counts, 'delivered')),
      },
      {
        label: 'Refused here',
        name: 'Refused here',
        number: true,
        cell: ({ counts }) => formatCount(sum(counts, 'rejected')),
      },
    ],
    rows,
    ({ eventName }) => eventName,
    { pairs: true },
  )
}

function metaSection(meta: { pixel: string; quality: MetaQuality } | undefined, page: Page): HTMLElement {
  const title = h('h2', {}, 'Meta’s own view')
  if (page.setup.sandbox)
    return h(
      'section',
      {},
      title,
      h(
        'p',
        { class: 'soft' },
        'The built-in sandbox stands in for Meta, and has no opinion. With META_ACCESS_TOKEN set, Meta’s Event Match Quality is shown here.',
      ),
    )
  if (!meta) return h('section', {}, title, h('p', { class: 'soft' }, 'Choose one pixel, above.'))
  const { quality } = meta
  if (quality.kind === 'unavailable')
    return h(
      'section',
      {},
      title,
      h('p', { class: 'soft' }, `Meta’s Dataset Quality API cannot be read: ${quality.reason}`),
    )
  if (quality.names.length === 0)
    return h(
      'section',
      {},
      title,
      h('p', { class: 'soft' }, 'Meta has no figures for this pixel yet. They follow within a day or two of traffic.'),
    )
  return h(
    'section',
    {},
    title,
    table(
      'Event Match Quality by Meta',
      [
        { label: 'Event', name: 'Event', cell: ({ eventName }) => eventName },
        {
          label: 'Match quality',
          name: 'Match quality',
          number: true,
          cell: ({ score }) => (score === undefined ? '–' : `${score.toFixed(1)} of 10`),
        },
        {
          label: 'Also sent by server',
          name: 'Also sent by server',
          number: true,
          cell: ({ coveragePercent, coverageGoalPercent = 75 }) =>
            coveragePercent === undefined
              ? '–'
              : `${Math.round(coveragePercent)} % (goal ${Math.round(coverageGoalPercent)} %)`,
        },
        { label: 'Freshness', name: 'Freshness', cell: ({ freshness }) => freshness?.replaceAll('_', ' ') ?? '–' },
        { label: 'Advice', name: 'Advice', class: 'wide', cell: ({ advice }) => advice.join(' ') || '–' },
      ],
      quality.names,
      ({ eventName }) => eventName,
    ),
  )
}

function nothing(): HTMLElement {
  return emptyState(
    'No events in this time',
    h(
      'p',
      {},
      'With the first events this page shows by what Meta can match them to people, what is missing, and how to send it.',
    ),
    h('p', {}, 'If you know who the visitor is, tell the tracker once; it is hashed before it is stored:'),
    h('pre', { tabindex: 0, 'aria-label': 'Code' }, "tracker.identify({ em: 'jane@example.com' })"),
  )
}
