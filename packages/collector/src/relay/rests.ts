import type { LaneHold } from '../queue/queue.js'
import type { Lane } from './lane.js'
import { change } from './lane.js'
import type { RelayLimits } from './limits.js'
import { remedyFor } from './remedies.js'

/** Lanes that do not send for a while: how they wait, are parked, are tried, and flow again. */
export interface Rests {
  /** The lane has no turn for so long. Never shortens a wait: what else was under way may know less. A parked lane stays parked. */
  wait(lane: Lane, cause: string, ms: number): void
  /** The same because Meta asked for it: other nodes and the next start wait too. */
  throttle(lane: Lane, cause: string, ms: number): void
  /** Meta refuses the settings: one event is tried now and then. Told to the queue, and to people once. */
  park(lane: Lane, cause: string, message: string): void
  /** Something got through: the lane is held no longer. */
  flow(lane: Lane): void
  /** Ends a wait, or being parked. */
  resume(lane: Lane): void
  /** Ends a wait to see whether its reason is gone; a parked lane stays parked until it is. */
  tryNow(lane: Lane): void
  /** What was to be tried could not be: again after so long, by default as usual. */
  tryAgain(lane: Lane, ms?: number): void
  /** Takes over what the queue remembers of other nodes and of the time before a start. */
  adopt(lane: Lane, hold: LaneHold | undefined, justStarted: boolean): void
}

export interface RestsOptions {
  limits: Pick<RelayLimits, 'probeMs' | 'maxWaitMs'>
  /** Milliseconds since the epoch. Waiting itself is measured with a clock that never jumps. */
  now: () => number
  random: () => number
  isStopping: () => boolean
  /** The lane wants a turn. */
  ready: (lane: Lane) => void
  /** The lane wants none. */
  unready: (lane: Lane) => void
  /** Writes a hold into the queue. */
  remember: (lane: Lane, hold: LaneHold | undefined) => void
  alarm: (code: string, message: string) => void
}

/** Waits shorter than this are not written to the queue: they are over before another node would read them. */
const SHORTEST_HOLD_MS = 5_000

export function createRests(options: RestsOptions): Rests {
  const { limits, now, random, isStopping, ready, unready, remember, alarm } = options

  /** Not all parked lanes at once, and never later than the limit says. */
  const probeMs = () => Math.round(limits.probeMs * (0.8 + 0.2 * random()))

  function rest(lane: Lane, state: 'waiting' | 'parked', cause: string, forMs: number): void {
    if (isStopping()) return
    const ms = state === 'parked' && lane.kicked ? 0 : forMs
    lane.kicked = false
    clearTimeout(lane.pause?.timer)
    unready(lane)
    lane.more = true
    lane.pause = { timer: setTimeout(() => over(lane), ms), dueMs: performance.now() + ms }
    change(lane, state, cause, Math.round(now() + ms))
  }

  function over(lane: Lane): void {
    lane.pause = undefined
    lane.probing = lane.state === 'parked'
    ready(lane)
  }

  function wait(lane: Lane, cause: string, ms: number): void {
    if (lane.state === 'parked') {
      // A try that came to nothing has learnt nothing about what the lane is parked for.
      if (lane.pause === undefined && !lane.probing) tryAgain(lane, ms === 0 ? 0 : Math.max(ms, probeMs()))
    } else if (lane.pause === undefined || lane.pause.dueMs < performance.now() + ms) {
      rest(lane, 'waiting', cause, Math.max(0, ms))
    }
  }

  function tryAgain(lane: Lane, ms = probeMs()): void {
    rest(lane, 'parked', lane.cause ?? 'parked', ms)
  }

  function resume(lane: Lane): void {
    clearTimeout(lane.pause?.timer)
    lane.pause = undefined
    lane.kicked = false
    if (lane.state === 'parked') change(lane, 'waiting', 'turn')
    ready(lane)
  }

  return {
    wait,
    tryAgain,
    resume,

    throttle(lane, cause, ms) {
      if (lane.state === 'parked') return wait(lane, cause, ms)
      wait(lane, cause, ms)
      if (ms < SHORTEST_HOLD_MS) return
      const nowMs = now()
      const untilMs = Math.round(nowMs + ms)
      remember(lane, { kind: 'throttled', cause, reason: remedyFor({ cause }), sinceMs: nowMs, untilMs })
    },

    park(lane, cause, message) {
      const isNew = lane.state !== 'parked'
      const ms = probeMs()
      rest(lane, 'parked', cause, ms)
      const reason = `${message} ${remedyFor({ cause })}`
      const nowMs = now()
      const sinceMs = isNew ? nowMs : (lane.hold?.sinceMs ?? nowMs)
      remember(lane, { kind: 'parked', cause, reason, sinceMs, untilMs: nowMs + ms })
      if (isNew) alarm('lane_parked', `Pixel ${lane.key.pixelId} is parked, its events wait. ${reason}`)
    },

    flow(lane) {
      // While it waits the hold is true, though something that was under way got through.
      if (lane.hold !== undefined && (lane.pause === undefined || lane.state === 'parked')) remember(lane, undefined)
    },

    tryNow(lane) {
      if (lane.state !== 'parked') return resume(lane)
      if (lane.pause === undefined) {
        // It is being tried, with what was known when that began.
        lane.kicked = true
        return
      }
      clearTimeout(lane.pause.timer)
      over(lane)
    },

    adopt(lane, hold, justStarted) {
      if (hold?.kind === lane.hold?.kind && hold?.untilMs === lane.hold?.untilMs) return
      lane.hold = hold
      if (hold === undefined) return resume(lane)
      const leftMs = Math.max(0, hold.untilMs - now())
      if (hold.kind === 'parked') {
        // Tried at once after a start: a new token is why one restarts.
        rest(lane, 'parked', hold.cause ?? 'parked', justStarted ? 0 : Math.min(leftMs, probeMs()))
      } else {
        // A clock that jumped back must not make the wait longer than any that is believed.
        wait(lane, hold.cause ?? 'throttled', Math.min(leftMs, limits.maxWaitMs))
      }
    },
  }
}
