import type { Outcome } from './outcome.js'
import type { RelayLimits } from './limits.js'

/** How much of itself a lane gives: more after each success, much less after trouble. */
export interface Pace {
  /** Failures in a row. */
  failures: number
  /** Requests at once. */
  concurrency: number
  /** Events in a request. */
  maxEvents: number
}

type PaceLimits = Pick<RelayLimits, 'laneConcurrency' | 'maxEvents'>

export function startPace({ maxEvents }: PaceLimits): Pace {
  return { failures: 0, concurrency: 1, maxEvents }
}

/** One request more at once, and twice the events, up to the limits. */
export function faster({ concurrency, maxEvents }: Pace, limits: PaceLimits): Pace {
  return {
    failures: 0,
    concurrency: Math.min(limits.laneConcurrency, concurrency + 1),
    maxEvents: Math.min(limits.maxEvents, maxEvents * 2),
  }
}

/** Where fewer events at once may help: the body was too large, or the uplink too slow for it. Below this it does not. */
const SMALLER_HELPS: Record<string, { notBelow: number }> = {
  too_large: { notBelow: 1 },
  // Meta says "reduce the amount of data" with the code of any unknown error.
  meta_unavailable: { notBelow: 50 },
  timeout: { notBelow: 50 },
}

/**
 * @param stopped what ended the last batch: how many events were in hand, and whether they were part of a search for a bad
 *   one, which goes on with a batch of just that size
 */
export function slower(
  pace: Pace,
  outcome: Extract<Outcome, { kind: 'retry' | 'park' }>,
  stopped: { inHand: number; searching: boolean },
): Pace {
  const bound = stopped.searching ? stopped.inHand : pace.maxEvents
  const notBelow = SMALLER_HELPS[outcome.cause]?.notBelow
  const maxEvents = notBelow === undefined ? bound : Math.min(bound, Math.max(notBelow, Math.ceil(stopped.inHand / 2)))
  const halved = outcome.kind === 'retry' && outcome.cause === 'throttled'
  return {
    failures: pace.failures + 1,
    concurrency: halved ? Math.max(1, pace.concurrency >> 1) : 1,
    maxEvents: Math.max(1, maxEvents),
  }
}
