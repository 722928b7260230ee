import type { Summary } from '../src/inspector/api.js'
import type { Counts } from '../src/inspector/counts.js'
import { formatShare } from './format.js'
import { CONVERSIONS, MATCH_KEYS, type MatchKey } from './match-keys.js'

/** One thing to do, and why. */
export interface Advice {
  headline: string
  why: string
  how: string
  code?: string
  /** How much it would help, for the order. */
  weight: number
}

/** Fewer events say nothing about a share. */
const ENOUGH_EVENTS = 3

/** A share from which on there is nothing to advise. Clicks are rare by nature; IPv6 is not everybody's. */
const ENOUGH_SHARE = 0.8

/** How many events carry a match key: where it has several parts, all of them. */
export const coverageOf = (counts: Counts, { keys }: MatchKey): number =>
  Math.min(...keys.map((key) => counts[`key.${key}`] ?? 0))

/** What would help most, first. */
export function adviceFor(names: Summary['names']): Advice[] {
  return [
    ...names.flatMap(idAdvice),
    ...MATCH_KEYS.flatMap((key) => keyAdvice(key, names)),
    ...freshnessAdvice(names),
  ].sort((a, b) => b.weight - a.weight)
}

/** For one key, the conversion that most events of lack it. */
function keyAdvice(key: MatchKey, names: Summary['names']): Advice[] {
  const worst = names
    .filter(
      ({ eventName, counts }) =>
        (counts['events'] ?? 0) >= ENOUGH_EVENTS && (!key.personal || CONVERSIONS.has(eventName)),
    )
    .map(({ eventName, counts }) => {
      const events = counts['events'] ?? 0
      const having = coverageOf(counts, key)
      return { eventName, events, having, missing: events - having, share: having / events }
    })
    .filter(({ share }) => share < (key.keys[0] === 'fbc' ? 0.01 : ENOUGH_SHARE))
    .sort((a, b) => importance(b.eventName) * b.missing - importance(a.eventName) * a.missing)[0]
  if (!worst) return []
  const { eventName, events, having } = worst
  return [
    {
      headline: `Send ${inSentence(key.label)} with ${eventName}`,
      why:
        having === 0
          ? `None of the ${events} ${eventName} events has it.`
          : `Only ${formatShare(having, events)} of ${events} ${eventName} events have it.`,
      how: key.how,
      ...(key.code !== undefined && { code: key.code }),
      weight: key.worth * importance(eventName) * (1 - worst.share),
    },
  ]
}

const importance = (eventName: string): number => (eventName === 'Purchase' ? 3 : CONVERSIONS.has(eventName) ? 2 : 1)

/** `E-mail` → `the e-mail address`: as it reads within a sentence. */
function inSentence(label: string): string {
  return (
    { 'E-mail': 'the e-mail address', 'Click id (fbc)': 'the click id', 'Browser id (fbp)': 'the browser id' }[label] ??
    `the ${label.charAt(0).toLowerCase()}${label.slice(1)}`
  )
}

function idAdvice({ eventName, counts }: Summary['names'][number]): Advice[] {
  const { events = 0, id = 0 } = counts
  if (events < ENOUGH_EVENTS || id / events > 0.95) return []
  return [
    {
      headline: `Give ${eventName} an event id`,
      why: `${formatShare(events - id, events)} of ${events} ${eventName} events have none: Meta may count browser and server copy twice.`,
      how: 'The tracker gives every event one. Events from your servers need the same event_id as the browser’s; an order number is fine.',
      weight: 12 * (1 - id / events),
    },
  ]
}

function freshnessAdvice(names: Summary['names']): Advice[] {
  const late = names.find(({ counts }) => {
    const { delivered = 0 } = counts
    return delivered >= ENOUGH_EVENTS && ((counts['fresh.minute'] ?? 0) + (counts['fresh.hour'] ?? 0)) / delivered < 0.8
  })
  if (!late) return []
  return [
    {
      headline: `Send ${late.eventName} sooner`,
      why: 'Most of these events are more than an hour old when Meta gets them. Meta optimises best on events that are minutes old.',
      how: 'If a server sends them in batches, send each when it happens; this collector makes the batches. If they waited here, the Health view says why.',
      weight: 5,
    },
  ]
}
