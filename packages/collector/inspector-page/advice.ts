import type { Summary } from '../src/inspector/api.js'
import type { Counts } from '../src/inspector/counts.js'
import { formatCount, formatShare } from './format.js'
import { isBrowsing, isExpected, MATCH_KEYS, type MatchKey } from './match-keys.js'

/** One thing to do, and why. */
export interface Advice {
  headline: string
  why: string
  how: string
  code?: string
  /** How much it would help, for the order. */
  weight: number
}

type Name = Summary['names'][number]

/** Fewer events say nothing about a share. */
const ENOUGH_EVENTS = 3

/** From here on there is nothing to advise. */
const ENOUGH_SHARE = 0.8

/** How many events carry a match key: where it has several parts, all of them. */
export const coverageOf = (counts: Counts, { keys }: MatchKey): number =>
  Math.min(...keys.map((key) => counts[`key.${key}`] ?? 0))

/** What would help most, first. */
export function adviceFor(names: readonly Name[]): Advice[] {
  const telling = names.filter(({ counts }) => (counts['events'] ?? 0) >= ENOUGH_EVENTS)
  return [
    ...idAdvice(telling),
    ...MATCH_KEYS.flatMap((key) => keyAdvice(key, telling)),
    ...clickAdvice(telling),
    ...freshnessAdvice(telling),
  ].sort((a, b) => b.weight - a.weight)
}

function keyAdvice(key: MatchKey, names: readonly Name[]): Advice[] {
  const lacking = names
    .filter(({ eventName }) => isExpected(key, eventName))
    .map(({ eventName, counts }) => ({ eventName, share: coverageOf(counts, key) / (counts['events'] ?? 1) }))
    .filter(({ share }) => share < ENOUGH_SHARE)
    .sort((a, b) => importance(b.eventName) - importance(a.eventName) || a.share - b.share)
  const [first] = lacking
  if (!first) return []
  return [
    {
      headline: `Send ${key.inSentence} with ${first.eventName}`,
      why: `So far it comes with ${andList(lacking.slice(0, 3).map(({ eventName, share }) => (share === 0 ? `no ${eventName}` : `${formatShare(share, 1)} of ${eventName}`)))}.`,
      how: key.how,
      ...(key.code !== undefined && { code: key.code }),
      weight: key.worth * importance(first.eventName) * (1 - first.share),
    },
  ]
}

const importance = (eventName: string): number => (eventName === 'Purchase' ? 3 : isBrowsing(eventName) ? 1 : 2)

function andList(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`
}

/** Clicks are rare by nature; none at all among many visitors means that they get lost. */
function clickAdvice(names: readonly Name[]): Advice[] {
  const key = MATCH_KEYS.find(({ keys }) => keys[0] === 'fbc')
  const all = names.reduce((sum, { counts }) => sum + (counts['events'] ?? 0), 0)
  if (!key || all < 100 || names.some(({ counts }) => coverageOf(counts, key) > 0)) return []
  return [
    {
      headline: 'See whether click ids get lost',
      why: `None of ${formatCount(all)} events came by an ad click.`,
      how: key.how,
      weight: 3,
    },
  ]
}

function idAdvice(names: readonly Name[]): Advice[] {
  return names.flatMap(({ eventName, counts }) => {
    const { events = 0, id = 0 } = counts
    if (id / events > 0.95) return []
    return [
      {
        headline: `Give ${eventName} an event id`,
        why: `${formatShare(events - id, events)} of ${formatCount(events)} events have none: Meta may count browser and server copy twice.`,
        how: 'The tracker gives every event one. Events from your servers need the same event_id as the browser’s; an order number is fine.',
        weight: 12 * (1 - id / events),
      },
    ]
  })
}

function freshnessAdvice(names: readonly Name[]): Advice[] {
  const late = names.find(({ counts }) => {
    const { delivered = 0 } = counts
    return delivered >= ENOUGH_EVENTS && ((counts['fresh.minute'] ?? 0) + (counts['fresh.hour'] ?? 0)) / delivered < 0.8
  })
  if (!late) return []
  return [
    {
      headline: `Send ${late.eventName} sooner`,
      why: 'Many of these events are more than an hour old when Meta gets them. Meta optimises best on events that are minutes old.',
      how: 'If a server sends them in batches, send each when it happens; this collector makes the batches. If they waited here, the Health view says why.',
      weight: 5,
    },
  ]
}
