import type { LeasedEvent, Verdict } from '../queue/queue.js'

interface Now {
  meta: number
  own: number
}

/**
 * Parts what may still be sent from what must not be.
 *
 * Asked before a batch is built, because one event past Meta's age limit fails the 999 beside it; and because an event whose
 * fate is unknown would be counted twice if it came again after Meta has forgotten the first copy (48 h).
 *
 * @param nowMs what time it is: at Meta, whose limit the age is; and here, where it was noted when an attempt had no answer
 */
export function expire(
  events: readonly LeasedEvent[],
  nowMs: Now,
  ambiguousLifetimeMs: number,
): { fresh: readonly LeasedEvent[]; expired: Verdict[] } {
  const expired: Verdict[] = []
  for (const event of events) {
    const verdict = verdictOf(event, nowMs, ambiguousLifetimeMs)
    if (verdict !== undefined) expired.push(verdict)
  }
  if (expired.length === 0) return { fresh: events, expired }

  const refs = new Set(expired.map(({ ref }) => ref))
  return { fresh: events.filter(({ ref }) => !refs.has(ref)), expired }
}

function verdictOf(event: LeasedEvent, nowMs: Now, ambiguousLifetimeMs: number): Verdict | undefined {
  if (event.deadlineMs <= nowMs.meta) {
    const message = 'The event reached the age that Meta accepts before it could be delivered.'
    return { ref: event.ref, kind: 'expired', reason: { cause: 'too_old', message } }
  }
  if (event.ambiguousSinceMs !== undefined && event.ambiguousSinceMs + ambiguousLifetimeMs <= nowMs.own) {
    const message =
      'An attempt ended without an answer and Meta may have the event; sent again now, it would no longer know the two as one.'
    return { ref: event.ref, kind: 'expired', reason: { cause: 'ambiguous_too_long', message } }
  }
  return undefined
}
