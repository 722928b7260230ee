import type { LaneHold, LaneKey } from '../queue/queue.js'
import { laneName } from '../queue/queue.js'
import type { Budget } from './budget.js'
import { createBudget } from './budget.js'
import type { RelayLimits } from './limits.js'
import type { Pace } from './pace.js'
import { startPace } from './pace.js'
import type { Suspects } from './suspects.js'
import { createSuspects } from './suspects.js'

/**
 * - `idle`: nothing waits, as far as is known.
 * - `waiting`: for something with a name: for more events (`gathering`), for its turn (`turn`), or for time to pass after
 *   trouble (the cause).
 * - `sending`: requests are under way.
 * - `parked`: Meta refuses the settings, not the events. One event is tried now and then.
 * - `stopped`: the relay has ended.
 */
export type LaneState = 'idle' | 'waiting' | 'sending' | 'parked' | 'stopped'

/** What the relay knows of one lane. Its size does not depend on how much waits. */
export interface Lane {
  readonly key: LaneKey
  readonly name: string
  /** These three are changed by `change()` alone. */
  state: LaneState
  cause: string | undefined
  untilMs: number | undefined

  pace: Pace
  /** Batches leased and not settled. */
  inFlight: number
  /** Of these, those whose request is under way. */
  sending: number
  /** Whether there may be events that nobody has leased. */
  more: boolean
  /** How many were added since the last lease, where the queue says. */
  added: number
  /** Runs while a batch gathers. */
  gathering: NodeJS.Timeout | undefined
  /** Runs while the lane waits out trouble or is parked; `dueMs` is when it ends, by the clock that never jumps. */
  pause: { timer: NodeJS.Timeout; dueMs: number } | undefined
  /** A parked lane's next batch is one event, to see. */
  probing: boolean
  /** It is to be tried again as soon as the try under way has ended. */
  kicked: boolean
  /** What the queue remembers for other nodes and the next start. */
  hold: LaneHold | undefined
  /** When the hold was last changed here, by the clock that never jumps. */
  holdChangedMs: number
  budget: Budget
  /** Events that failed alone for a reason that need not be theirs. */
  suspects: Suspects
  /** Single events refused for reasons nobody knows, with nothing accepted in between. */
  strangeRefusals: number
  /** Events that died, since something was accepted. */
  deathsInARow: number
}

/** A lane as it is shown to people. */
export interface LaneView {
  lane: LaneKey
  state: LaneState
  /** What it waits for or why it is parked; `remedyFor()` says what to do. */
  cause?: string
  /** Until when, in milliseconds since the epoch. */
  untilMs?: number
  inFlight: number
  /** Failures in a row. */
  failures: number
  /** Requests it may have under way, and events in each. */
  concurrency: number
  maxEvents: number
}

export function createLane(key: LaneKey, limits: RelayLimits, random: () => number): Lane {
  return {
    key,
    name: laneName(key),
    state: 'idle',
    cause: undefined,
    untilMs: undefined,
    pace: startPace(limits),
    inFlight: 0,
    sending: 0,
    more: false,
    added: 0,
    gathering: undefined,
    pause: undefined,
    probing: false,
    kicked: false,
    hold: undefined,
    holdChangedMs: 0,
    budget: createBudget(limits.bisectRequestsPerMinute),
    suspects: createSuspects({ baseMs: limits.backoffBaseMs, capMs: limits.backoffCapMs }, random),
    strangeRefusals: 0,
    deathsInARow: 0,
  }
}

/**
 * Whether one more batch may be taken. While the verdicts of one are written the next is sent; in trouble each waits for the one
 * before, whose events may be free again.
 */
export function hasRoom({ inFlight, sending, pace: { concurrency, failures } }: Lane): boolean {
  return sending < concurrency && inFlight < (failures === 0 ? 2 * concurrency : concurrency)
}

/** The only place where a lane's state changes. A stopped lane stays stopped. */
export function change(lane: Lane, state: LaneState, cause?: string, untilMs?: number): void {
  if (lane.state === 'stopped') return
  lane.state = state
  lane.cause = cause
  lane.untilMs = untilMs
}

export function viewOf({ key, state, cause, untilMs, inFlight, pace }: Lane): LaneView {
  return {
    lane: key,
    state,
    ...(cause !== undefined && { cause }),
    ...(untilMs !== undefined && { untilMs }),
    inFlight,
    failures: pace.failures,
    concurrency: pace.concurrency,
    maxEvents: pace.maxEvents,
  }
}
