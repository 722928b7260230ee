import type { Lease, LeasedEvent, Purge, Verdict } from '../queue.js'
import { parseChunk } from './chunk.js'
import type { LeasedTexts } from './leases.js'
import type { Fate } from './settle.js'

/** The leased events, read from the texts the queue's thread sent. Their JSON is cut out, never parsed. */
export function leasedEvents(texts: readonly LeasedTexts[]): LeasedEvent[] {
  const leased: LeasedEvent[] = []
  for (const [chunkId, receivedAtMs, facts, body] of texts) {
    const { events, json } = parseChunk({ facts, body }, receivedAtMs)
    for (const [at, { index, eventName, eventId, eventTimeMs, deadlineMs, ambiguousSinceMs }] of events.entries()) {
      const event: LeasedEvent = {
        ref: `${chunkId}.${index}`,
        eventName,
        eventTimeMs,
        deadlineMs,
        receivedAtMs,
        json: json[at] ?? '',
      }
      if (eventId !== null) event.eventId = eventId
      if (ambiguousSinceMs !== 0) event.ambiguousSinceMs = ambiguousSinceMs
      leased.push(event)
    }
  }
  return leased
}

/** The verdicts as the thread wants them: one word when all were delivered, else one fate per leased event. */
export function fatesOf({ events }: Lease, verdicts: readonly (Verdict | Purge)[]): Fate | Fate[] {
  if (verdicts.length === 0) return 'free'
  if (verdicts.length === events.length && verdicts.every(isDeliveredInOrder)) return 'delivered'
  const verdictOf = new Map(verdicts.map((verdict) => [verdict.ref, verdict]))
  return events.map(({ ref }) => fateOf(verdictOf.get(ref)))

  function isDeliveredInOrder({ ref, kind }: Verdict | Purge, index: number): boolean {
    return kind === 'delivered' && ref === events[index]?.ref
  }
}

function fateOf(verdict: Verdict | Purge | undefined): Fate {
  if (verdict === undefined) return 'free'
  switch (verdict.kind) {
    case 'delivered':
    case 'purged':
      return verdict.kind
    case 'free':
      return verdict.ambiguousSinceMs === undefined ? 'free' : { ambiguousSinceMs: verdict.ambiguousSinceMs }
    case 'dead':
    case 'expired':
      return { kind: verdict.kind, reason: verdict.reason }
  }
}
