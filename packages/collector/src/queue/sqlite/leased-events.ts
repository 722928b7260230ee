import { byRef } from '../by-ref.js'
import type { Lease, LeasedEvent, Purge, Verdict } from '../queue.js'
import type { Place, Texts } from '../texts.js'
import { textAt } from '../texts.js'
import type { StoredEvent } from './chunk.js'
import { ENTRIES_PER_FACT, FIRST_EVENT, parseEntries, storedEvent } from './chunk.js'
import type { Leased } from './leases.js'
import type { Fate } from './settle.js'

/** The leased events, read from what the queue's thread sent. Their JSON stays where it lies until somebody reads it. */
export function leasedEvents({ facts, texts }: Leased): LeasedEvent[] {
  const leased: LeasedEvent[] = []
  for (const [chunkId, receivedAtMs, text] of facts) {
    const entries = parseEntries(text)
    for (let at = FIRST_EVENT; at < entries.length; at += ENTRIES_PER_FACT) {
      leased.push(new StoredLeasedEvent(texts, leased.length, chunkId, receivedAtMs, storedEvent(entries, at)))
    }
  }
  return leased
}

class StoredLeasedEvent implements LeasedEvent, Place {
  readonly ref: string
  readonly eventName: string
  readonly eventId?: string
  readonly eventTimeMs: number
  readonly deadlineMs: number
  readonly receivedAtMs: number
  readonly ambiguousSinceMs?: number
  readonly texts: Texts
  readonly index: number

  constructor(texts: Texts, index: number, chunkId: number, receivedAtMs: number, stored: StoredEvent) {
    this.ref = `${chunkId}.${stored.index}`
    this.eventName = stored.eventName
    if (stored.eventId !== null) this.eventId = stored.eventId
    this.eventTimeMs = stored.eventTimeMs
    this.deadlineMs = stored.deadlineMs
    this.receivedAtMs = receivedAtMs
    if (stored.ambiguousSinceMs !== 0) this.ambiguousSinceMs = stored.ambiguousSinceMs
    this.texts = texts
    this.index = index
  }

  get place(): Place {
    return this
  }

  get json(): string {
    return textAt(this)
  }
}

/** The verdicts as the thread wants them: one word when all were delivered, else one fate per leased event. */
export function fatesOf({ events }: Lease, verdicts: readonly (Verdict | Purge)[]): Fate | Fate[] {
  if (verdicts.length === 0) return 'free'
  if (verdicts.length === events.length && verdicts.every(isDeliveredInOrder)) return 'delivered'
  const verdictOf = byRef(verdicts)
  return events.map(({ ref }, position) => fateOf(verdictOf(ref, position)))

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
