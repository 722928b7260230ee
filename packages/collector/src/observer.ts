import type { LaneHold, LaneKey, LeasedEvent, StoredAs, Verdict } from './queue/queue.js'
import type { Prepared, Received } from './pipeline/received.js'
import type { Outcome } from './relay/outcome.js'

/**
 * What happens in the collector, told to whoever watches: metrics, log, inspector.
 *
 * Told once a request or batch, never once an event, with the values that exist anyway: watching must cost ingest nothing.
 * A watcher must not throw, must not wait and must not change what it is given.
 */
export type Happening =
  /** A request was taken: its events are durable (or were rejected or left out, each by name). */
  | { kind: 'ingested'; received: Received; prepared: readonly Prepared[]; stored: readonly StoredAs[] }
  /** A request was turned away as a whole. */
  | { kind: 'turned_away'; atMs: number; status: number; reason: TurnedAway }
  /** An HTTP request was answered. */
  | { kind: 'answered'; atMs: number; route: string; method: string; status: number; durationMs: number }
  /** One request to Meta ended. */
  | { kind: 'attempted'; atMs: number; lane: LaneKey; attempt: Attempt }
  /** What became of leased events is on disk. */
  | { kind: 'settled'; atMs: number; lane: LaneKey; events: readonly LeasedEvent[]; verdicts: readonly Verdict[] }
  /** A lane was held, or flows again. */
  | { kind: 'lane'; atMs: number; lane: LaneKey; hold: LaneHold | undefined }
  /** Someone must look. `code` is stable: `books_gap`, `queue_damaged`, `lane_parked`, `queue_refusing`, … */
  | { kind: 'alarm'; atMs: number; code: string; message: string }

export type TurnedAway =
  | 'not_json'
  | 'not_an_event'
  | 'too_large'
  | 'encoding'
  | 'origin'
  | 'api_key'
  | 'rate'
  | 'queue_full'
  | 'closing'
  | 'timeout'
  | 'unknown_pixel'

export interface Attempt {
  /** Events in the request. */
  events: readonly LeasedEvent[]
  bytes: number
  durationMs: number
  /** The HTTP status, if there was an answer. */
  status?: number
  outcome: Outcome
  /** Part of looking for a bad event. */
  bisecting: boolean
  /** Share of Meta's limits used, 0 to 1 and above, by the usage headers. */
  usage?: number
  /** How far this machine's clock is ahead of Meta's, by the answer's `Date`. */
  clockAheadMs?: number
}

export type Observe = (happening: Happening) => void

/** Tells several watchers; one that throws keeps nothing from the others. */
export function observeAll(watchers: readonly Observe[], onError: (error: unknown) => void): Observe {
  return (happening) => {
    for (const watch of watchers) {
      try {
        watch(happening)
      } catch (error) {
        onError(error)
      }
    }
  }
}
