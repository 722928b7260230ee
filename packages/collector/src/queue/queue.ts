import type { Place } from './texts.js'

/**
 * The queue: what has been acknowledged waits here until Meta has it.
 *
 * Promises, kept by every implementation and checked by one contract test (`test/queue/queue-contract.ts`):
 *
 * 1. When `append()` resolves, the events are on stable storage (or replicated). They cannot be lost from there.
 * 2. An event leaves the queue only by `settle()`: delivered, dead or expired. A crash before that offers it again.
 * 3. Leased events are offered to nobody else until they are settled, released, or the leasing process is dead.
 * 4. The same (pixel, event_name, event_id) is kept once within 48 hours; later copies are counted as `duplicate`.
 * 5. The books balance in every state a crash can leave behind:
 *    received = delivered + dead + expired + dropped (by name) + waiting.
 * 6. A full queue refuses (`QueueFullError`); it never drops what it has taken.
 * 7. Within a lane the oldest events are offered first. Between lanes there is no order and no dependence.
 *
 * The queue knows nothing of Meta: it stores finished JSON texts and hands them out in order.
 */
export interface Queue {
  /**
   * Stores events, all or none. Resolves only when they are durable.
   *
   * @param events what the pipeline finished, in order
   * @param drops events of the same requests that were left out by name (bots, consent, …), for the books
   * @throws QueueFullError when the bound is reached or the disk is full
   * @throws QueueUnavailableError when the storage cannot be reached or refuses to write
   */
  append(events: readonly QueuedEvent[], drops?: Drops): Promise<AppendResult>

  /**
   * Takes the oldest free events of a lane, at most `maxEvents` and about `maxBytes` (but always one, however big);
   * `undefined` when none is free. A held lane is leased like any other: respecting the hold is the caller's part.
   */
  lease(lane: LaneKey, limit: LeaseLimit): Promise<Lease | undefined>

  /**
   * Writes what became of each leased event, in one transaction with the books. Events without an entry become free again,
   * so no verdicts at all release the lease. A lease can be settled once; what comes later for it changes nothing.
   * When the storage does not take it, the lease goes on: say the same again.
   *
   * @throws LeaseLostError when others have the events by now
   * @throws QueueUnavailableError when the storage cannot be reached or refuses to write
   */
  settle(lease: Lease, verdicts: readonly (Verdict | Purge)[]): Promise<void>

  /** The lanes that hold waiting events, and lanes whose state must be remembered (parked). */
  lanes(): Promise<LaneStatus[]>

  /** Remembers why a lane is not being sent, so that all nodes respect it and a restart does not forget. `undefined` clears it. */
  hold(lane: LaneKey, hold: LaneHold | undefined): Promise<void>

  /**
   * Calls back when a lane may have new events to lease. Returns the function that ends it.
   * `added` is how many were just stored, where the queue knows: a batch that is full need not wait its second.
   */
  onWaiting(listener: (lane: LaneKey, added?: number) => void): () => void

  deadLetters: DeadLetters

  books(): Promise<Books>

  /** What is in there now, for health checks, metrics and the inspector. Cheap: asked every second. */
  status(): Promise<QueueStatus>

  /** Makes one real commit; resolves when it is durable. The readiness probe. */
  probe(): Promise<void>

  /** Finishes what is under way and lets go of the storage. */
  close(): Promise<void>
}

/** Where an event goes. Events of one lane may share a request to Meta; lanes never wait for each other. */
export interface LaneKey {
  pixelId: string
  /** Only for events whose sender asked for Test Events; the pixel's configured code is added when sending. */
  testEventCode?: string
}

/** An event with all work done: what Meta will be sent, and what the queue and the relay must know without parsing it. */
export interface QueuedEvent {
  lane: LaneKey
  eventName: string
  /** Without an id an event cannot be deduplicated. */
  eventId?: string
  /** When it happened, in milliseconds since the epoch. */
  eventTimeMs: number
  /** From here on Meta refuses it (with a safety margin), in milliseconds since the epoch. */
  deadlineMs: number
  /** The final entry for `data`, as JSON text without line breaks. Personal data in it is hashed. */
  json: string
}

/** One word for why an event was left out on purpose. A closed list, so that nothing disappears without a name. */
export type DropReason = 'duplicate' | 'bot' | 'prefetch' | 'vetoed' | 'purged'

export type Drops = readonly { pixelId: string; reason: DropReason; count: number }[]

/**
 * What became of an appended event: newly stored, or known already (and counted as dropped by that name).
 * `refused` only by a queue that answers after Meta did (`direct:`): Meta refused this one, and it is kept nowhere.
 */
export type StoredAs = 'stored' | 'duplicate' | 'refused'

export interface AppendResult {
  /** For each event in order. */
  stored: StoredAs[]
  /** Why, for each event that was `refused`. */
  refused?: readonly { index: number; reason: DeathReason }[]
}

export interface LeaseLimit {
  maxEvents: number
  maxBytes: number
}

export interface Lease {
  lane: LaneKey
  events: LeasedEvent[]
}

export interface LeasedEvent {
  /** Names the event within this queue, opaque to the caller. */
  ref: string
  eventName: string
  eventId?: string
  eventTimeMs: number
  deadlineMs: number
  receivedAtMs: number
  /** When an attempt ended without an answer for the first time: Meta may have it. Not to be repeated 47 h later. */
  ambiguousSinceMs?: number
  readonly json: string
  /** Where the same text lies as UTF-8, if the queue has it so: most are sent as they lie, and never become a string. */
  readonly place?: Place
}

/** What became of one leased event. */
export type Verdict =
  | { ref: string; kind: 'delivered' }
  /** Back to its place; `ambiguousSinceMs` is remembered if the attempt may have arrived. The first time stays. */
  | { ref: string; kind: 'free'; ambiguousSinceMs?: number }
  | { ref: string; kind: 'dead'; reason: DeathReason }
  /** Past Meta's age limit, or an unknown outcome past 47 h. Kept as a dead letter too, counted apart. */
  | { ref: string; kind: 'expired'; reason: DeathReason }

/** Taken out by hand, because another queue has it now. Counts as dropped by the name `purged`. The relay never says this. */
export interface Purge {
  ref: string
  kind: 'purged'
}

export interface DeathReason {
  /** A stable word: `refused_by_meta`, `too_old`, `ambiguous_too_long`, `corrupt`, … */
  cause: string
  code?: number
  subcode?: number
  /** Meta's words, or ours. Never personal data. */
  message: string
  fbtraceId?: string
}

export interface LaneHold {
  kind: 'parked' | 'throttled'
  /** A stable word, for which `remedyFor()` knows what to do. */
  cause?: string
  /** What to tell a person. */
  reason: string
  sinceMs: number
  /** When to try again. */
  untilMs: number
}

export interface LaneStatus {
  lane: LaneKey
  waitingEvents: number
  waitingBytes: number
  /** When the oldest waiting event was received; `undefined` when none waits. */
  oldestReceivedAtMs?: number
  hold?: LaneHold
}

/** The sums of everything that ever went through this queue, per pixel. */
export interface Books {
  pixels: PixelBooks[]
}

export interface PixelBooks {
  pixelId: string
  received: number
  delivered: number
  dead: number
  expired: number
  dropped: Partial<Record<DropReason, number>>
  waiting: number
  /** Dead letters put back by hand. They count as received again, so that the sum stays true. */
  replayed: number
  /** Dead letters deleted, by hand or because of their age. They stay counted as dead or expired. */
  lettersDropped: number
}

/** The books of a pixel of which nothing has come yet. */
export function emptyPage(pixelId: string): PixelBooks {
  return {
    pixelId,
    received: 0,
    delivered: 0,
    dead: 0,
    expired: 0,
    dropped: {},
    waiting: 0,
    replayed: 0,
    lettersDropped: 0,
  }
}

/** 0 when the books balance; anything else is an alarm. */
export function gap(books: PixelBooks): number {
  const dropped = Object.values(books.dropped).reduce((sum, count) => sum + count, 0)
  return books.received - (books.delivered + books.dead + books.expired + dropped + books.waiting)
}

export interface QueueStatus {
  waitingEvents: number
  /** Bytes that the contents take in the storage; room that is free for reuse is not counted. */
  bytes: number
  maxBytes: number
  oldestReceivedAtMs?: number
  /** Why events are refused right now: `full`, `disk_full`, `read_only`, `closing`, `unreachable`, `outdated`. */
  refusing?: string
  deadLetters: number
}

export interface DeadLetter {
  id: string
  lane: LaneKey
  kind: 'dead' | 'expired'
  eventName: string
  eventId?: string
  eventTimeMs: number
  receivedAtMs: number
  diedAtMs: number
  reason: DeathReason
  json: string
}

export interface DeadLetterFilter {
  pixelId?: string
  cause?: string
  ids?: readonly string[]
  sinceMs?: number
}

export interface DeadLetters {
  /** Newest first. `after` is the `id` of the last one of the page before. */
  list(filter: DeadLetterFilter, page: { limit: number; after?: string }): Promise<DeadLetter[]>
  /** Puts letters back into their lanes, as received now; those past their deadline stay. Returns how many went back. */
  replay(filter: DeadLetterFilter): Promise<{ replayed: number; tooOld: number }>
  /** Deletes letters for good. Returns how many. */
  drop(filter: DeadLetterFilter): Promise<number>
}

/** A lane as a map key and in logs. */
export function laneName({ pixelId, testEventCode }: LaneKey): string {
  return testEventCode === undefined ? pixelId : `${pixelId}:${testEventCode}`
}
