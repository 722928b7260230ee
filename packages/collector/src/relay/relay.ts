import type { Logger } from 'pino'
import type { Dispatcher } from 'undici'
import type { Observe } from '../observer.js'
import type { Pixels } from '../pixels.js'
import type { LaneHold, LaneKey, LaneStatus, LeasedEvent, Queue } from '../queue/queue.js'
import { laneName } from '../queue/queue.js'
import { createAttempt } from './attempt.js'
import { backoffMs } from './backoff.js'
import { createBreaker } from './breaker.js'
import type { DeliverOptions, Delivery, Trouble } from './deliver.js'
import { add, deliver } from './deliver.js'
import { expire } from './expire.js'
import { createGraphApi } from './graph-api.js'
import type { Lane, LaneView } from './lane.js'
import { change, createLane, viewOf } from './lane.js'
import type { RelayLimits } from './limits.js'
import { RELAY_LIMITS } from './limits.js'
import { faster, slower } from './pace.js'
import { remedyFor } from './remedies.js'
import { settleForSure } from './settle.js'
import { PROOF_OF_FAILURE, proofOfRefusal } from './suspects.js'
import { createTurns } from './turns.js'
import { restMs } from './usage.js'

/**
 * From the queue to Meta.
 *
 * Promises, each with a test of the same words:
 *
 * 1. Nothing leaves the queue before Meta said 200 to it, or refused it alone, or its time was over.
 * 2. Lanes do not wait for each other: one pixel's bad token, throttle or outage never delays another's events.
 * 3. A batch leaves when it is full, or within a second.
 * 4. What was sent without an answer is sent again with the same event id, and not after 47 hours.
 * 5. A parked lane keeps all its events, and flows again within a minute of the mend.
 * 6. At most `limits.sockets` connections are open, whatever Meta does.
 * 7. `stop()` finishes or gives back what is under way, within its grace time.
 *
 * A lane is leased from, a batch sent, its verdicts settled, and what Meta said decides when the lane has its next turn. This
 * file schedules; what to decide is in `classify.ts`, `bisect.ts`, `pace.ts` and `backoff.ts`, which are pure.
 */
export interface Relay {
  start(): void
  /** Takes nothing new; waits so long for what is under way, then gives it back to the queue, whence it is sent again. */
  stop(graceMs: number): Promise<void>
  lanes(): LaneView[]
  /** Tries a lane now, whatever it waits for. */
  kick(lane: LaneKey): void
}

export interface RelayOptions {
  queue: Queue
  pixels: Pixels
  /** Example: `https://graph.facebook.com`. */
  graphUrl: string
  /** Example: `v26.0`. */
  apiVersion: string
  observe: Observe
  log?: Logger
  /** Milliseconds since the epoch. It may jump: only deadlines are measured with it. */
  now?: () => number
  random?: () => number
  /** Instead of an own pool of connections. */
  dispatcher?: Dispatcher
  limits?: Partial<RelayLimits>
}

/** After so many failures in a row events are sent one by one, a few at a time, to see whether one of them is the reason. */
const FAILURES_BEFORE_DOUBT = 6
const EVENTS_IN_DOUBT = 8

/** A lane is parked after so many strange refusals with nothing accepted in between: then it is likely not the events. */
const STRANGE_REFUSALS = 3

/** So many deaths with nothing accepted in between are worth an alarm: someone sends nothing but garbage. */
const DEATHS_WORTH_AN_ALARM = 20

/** Waits shorter than this are not written to the queue: they are over before another node would read them. */
const SHORTEST_HOLD_MS = 5_000

export function createRelay(options: RelayOptions): Relay {
  const { queue, pixels, observe, log, now = () => Date.now(), random = Math.random } = options
  const limits: RelayLimits = { ...RELAY_LIMITS, ...options.limits }
  const api = createGraphApi({ ...options, limits })
  const attempt = createAttempt({ api, pixels, observe, log, now, limits })
  const breaker = createBreaker(
    limits.breakerOpensAfter,
    { baseMs: limits.backoffBaseMs, capMs: limits.breakerCapMs },
    random,
  )
  const lanes = new Map<string, Lane>()
  const turns = createTurns<Lane>()
  const tasks = new Set<Promise<void>>()
  const sleeping = new Set<() => void>()
  const endings: (() => void)[] = []
  let busySockets = 0
  let busyInTrouble = 0
  let stopping = false
  let breakerTimer: NodeJS.Timeout | undefined

  // ── Knowing what waits ────────────────────────────────────────────────────────────────────────────────────────────

  function laneOf(key: LaneKey): Lane {
    const name = laneName(key)
    let lane = lanes.get(name)
    if (lane === undefined) lanes.set(name, (lane = createLane(key, limits, random)))
    return lane
  }

  /** New events: the first one waits a little for others, unless there are enough already. */
  function gather(lane: Lane, added = 0): void {
    lane.added += added
    if (stopping || lane.more) return
    const test = lane.key.testEventCode ?? pixels.get(lane.key.pixelId)?.testEventCode
    if (test !== undefined || lane.added >= lane.pace.maxEvents) return ready(lane)
    lane.gathering ??= setTimeout(() => ready(lane), limits.gatherMs)
    if (lane.state === 'idle') change(lane, 'waiting', 'gathering')
  }

  /** Asks the queue for lanes that nobody called for, and for holds that other nodes set or ended. */
  async function rescan(first: boolean): Promise<void> {
    const askedMs = performance.now()
    let statuses: LaneStatus[]
    try {
      statuses = await queue.lanes()
    } catch (error) {
      log?.error({ event: 'relay.rescan', err: error }, 'the queue does not say which lanes wait')
      return
    }
    if (stopping) return
    for (const status of statuses) {
      const lane = laneOf(status.lane)
      if (lane.holdChangedMs < askedMs && lane.inFlight === 0) adopt(lane, status.hold, first)
      if (status.waitingEvents === 0 || lane.inFlight > 0 || lane.more) continue
      const ageMs = now() - (status.oldestReceivedAtMs ?? 0)
      if (ageMs >= limits.gatherMs || ageMs < 0) ready(lane)
      else gather(lane)
    }
    const known = new Set(statuses.map(({ lane }) => laneName(lane)))
    for (const lane of lanes.values()) {
      if (!known.has(lane.name) && lane.state === 'idle' && lane.inFlight === 0) lanes.delete(lane.name)
    }
  }

  /** Takes over what the queue remembers. After a start a parked lane is tried at once: a new token is why one restarts. */
  function adopt(lane: Lane, hold: LaneHold | undefined, first: boolean): void {
    if (hold?.kind === lane.hold?.kind && hold?.untilMs === lane.hold?.untilMs) return
    lane.hold = hold
    if (hold === undefined) return resume(lane)
    const leftMs = hold.untilMs - now()
    if (hold.kind === 'parked') {
      park(lane, hold.cause ?? 'parked', first ? 0 : Math.min(leftMs, limits.probeMs))
    } else {
      // A clock that jumped back must not make the wait longer than any that is believed.
      wait(lane, hold.cause ?? 'throttled', Math.min(leftMs, limits.maxWaitMs))
    }
  }

  // ── Whose turn it is ──────────────────────────────────────────────────────────────────────────────────────────────

  function ready(lane: Lane): void {
    clearTimeout(lane.gathering)
    lane.gathering = undefined
    lane.more = true
    if (lane.pause !== undefined || stopping) return
    if (lane.inFlight === 0 && lane.state !== 'parked') change(lane, 'waiting', 'turn')
    if (lane.inFlight < lane.pace.concurrency) turns.add(lane)
    pump()
  }

  /** Starts as many batches as there are sockets; each lane has one turn before any has its second. */
  function pump(): void {
    while (!stopping && busySockets < limits.sockets && breaker.state !== 'open' && breaker.state !== 'trying') {
      // Lanes in trouble may hang: they never have all sockets.
      const lane = turns.take((one) => one.pace.failures === 0 || busyInTrouble < limits.socketsInTrouble)
      if (lane === undefined) return
      const inTrouble = lane.pace.failures > 0
      breaker.enter()
      busySockets++
      if (inTrouble) busyInTrouble++
      lane.inFlight++
      if (lane.state !== 'parked') change(lane, 'sending')

      let freed = false
      const free = () => {
        if (freed) return
        freed = true
        busySockets--
        if (inTrouble) busyInTrouble--
        pump()
      }
      const task = run(lane, free)
        .catch((error: unknown) => {
          log?.error({ event: 'relay.lane', lane: lane.name, err: error }, 'a lane stumbled')
          wait(lane, 'queue', backoffOf(lane, limits.backoffBaseMs))
        })
        .finally(() => {
          lane.inFlight--
          tasks.delete(task)
          free()
          goOn(lane)
        })
      tasks.add(task)
    }
  }

  /** After a batch: the next one, or rest. */
  function goOn(lane: Lane): void {
    if (lane.pause !== undefined || stopping) return
    if (lane.more) return ready(lane)
    if (lane.inFlight > 0 || lane.state === 'parked') return
    if (lane.gathering === undefined) change(lane, 'idle')
    else change(lane, 'waiting', 'gathering')
  }

  // ── One batch ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** @param free gives the socket back, so that another lane can send while this one's verdicts are written */
  async function run(lane: Lane, free: () => void): Promise<void> {
    const probing = lane.probing
    lane.probing = false
    const inDoubt = !probing && lane.pace.failures >= FAILURES_BEFORE_DOUBT
    // Those that are passed over must not keep the others from being seen.
    const maxEvents = (inDoubt ? EVENTS_IN_DOUBT : lane.pace.maxEvents) + lane.suspects.size
    const limit = { maxEvents, maxBytes: limits.maxBytes }

    lane.more = false
    lane.added = 0
    let tried = false
    const lease = await queue.lease(lane.key, limit).catch((error: unknown) => {
      breaker.withdrew()
      throw error
    })
    if (lease === undefined || stopping) {
      breaker.withdrew()
      if (lease !== undefined) await queue.settle(lease, [])
      else if (probing) park(lane, lane.cause ?? 'parked', limits.probeMs)
      return
    }

    const bytes = lease.events.reduce((sum, { json }) => sum + json.length, 0)
    if (!probing && (lease.events.length * 2 >= limit.maxEvents || bytes * 2 >= limit.maxBytes)) {
      // A full batch is rarely the last one.
      ready(lane)
    }

    const { fresh, expired } = expire(lease.events, now(), limits.ambiguousLifetimeMs)
    const { others, due } = lane.suspects.part(fresh)
    const send = (
      events: readonly LeasedEvent[],
      how: Pick<DeliverOptions, 'oneByOne' | 'othersAccepted' | 'strangeAllowed'>,
    ) =>
      deliver(events, {
        attempt: async (some, bisecting) => {
          tried = true
          const attempted = await attempt(lane.key, some, bisecting)
          feel(attempted.reach)
          return attempted
        },
        mayBisect: () => !stopping && lane.budget.take(),
        judge: (ref, tries, othersAccepted) => judge(lane, ref, tries, othersAccepted),
        now,
        ...how,
      })
    const strangeAllowed = STRANGE_REFUSALS - lane.strangeRefusals
    const batch = probing ? [...others, ...fresh].slice(0, 1) : others.slice(0, limits.maxEvents)
    const delivery = await send(batch, { oneByOne: inDoubt, strangeAllowed })
    if (due !== undefined && !probing && !stopping && delivery.end.kind === 'done') {
      const mine = lane.suspects.isConfirmed(due.ref)
      const othersAccepted = delivery.accepted > 0
      add(delivery, await send([due], { oneByOne: true, othersAccepted, ...(!mine && { strangeAllowed }) }))
      if (mine) delivery.strange--
    }
    if (!tried) breaker.withdrew()
    free()

    const verdicts = expired.length === 0 ? delivery.verdicts : [...expired, ...delivery.verdicts]
    if (lane.suspects.size > 0) for (const { ref, kind } of verdicts) if (kind !== 'free') lane.suspects.forget(ref)
    // What had expired says nothing about the settings: the next one is tried at once.
    if (probing && !tried) park(lane, lane.cause ?? 'parked', 0)
    else conclude(lane, delivery, probing)
    const settled = await settleForSure(queue, lease, verdicts, {
      isStopping: () => stopping,
      sleep,
      random,
      onFailure: (error, failures) => {
        log?.error({ event: 'relay.settle', lane: lane.name, err: error }, 'verdicts cannot be written')
        if (failures === 3) alarm('settle_failed', `What became of ${lease.events.length} events cannot be written.`)
      },
    })
    if (settled) observe({ kind: 'settled', atMs: now(), lane: lane.key, events: lease.events, verdicts })
  }

  function judge(lane: Lane, ref: string, tries: number | undefined, othersAccepted: boolean): 'spared' | 'condemned' {
    if (tries !== undefined) return lane.suspects.strike(ref, proofOfRefusal(tries), othersAccepted)
    // While everything fails nobody is to blame.
    if (!othersAccepted && !lane.suspects.has(ref)) return 'spared'
    return lane.suspects.strike(ref, PROOF_OF_FAILURE, othersAccepted)
  }

  /** What the batch says about the lane. */
  function conclude(lane: Lane, delivery: Delivery, probing: boolean): void {
    const { accepted, dead, strange, end, usage } = delivery
    if (accepted > 0) {
      lane.pace = faster(lane.pace, limits)
      lane.suspects.confirm()
      lane.strangeRefusals = 0
      lane.deathsInARow = 0
    } else {
      lane.strangeRefusals += strange
    }
    const before = lane.deathsInARow
    lane.deathsInARow += dead
    if (before < DEATHS_WORTH_AN_ALARM && lane.deathsInARow >= DEATHS_WORTH_AN_ALARM) {
      alarm(
        'events_refused',
        `Pixel ${lane.key.pixelId}: Meta refuses one event after the other; see the dead letters.`,
      )
    }

    const mended = end.kind !== 'pause' && accepted + dead > 0
    if (mended && (lane.state !== 'parked' || probing)) flow(lane)
    switch (end.kind) {
      case 'done': {
        const ms = restMs(usage)
        if (ms > 0) hold(lane, 'throttled', 'usage_high', ms)
        else if (probing) resume(lane)
        return
      }
      case 'out_of_budget':
        lane.pace = { ...lane.pace, maxEvents: Math.max(1, end.inHand) }
        // Enough to find one bad event.
        return wait(lane, 'bisect_budget', lane.budget.msUntil(16))
      case 'pause':
        lane.pace = slower(lane.pace, end.outcome, end)
        return suffer(lane, end.outcome)
    }
  }

  /** The lane has trouble: how long it waits, and who is told. */
  function suffer(lane: Lane, outcome: Trouble): void {
    if (outcome.kind === 'park') return parkFor(lane, outcome.cause, outcome.reason.message, limits.probeMs)

    const { cause } = outcome
    const throttled = cause === 'throttled' || cause === 'blocked'
    const afterMs = Math.min(
      limits.maxWaitMs,
      outcome.afterMs ?? backoffOf(lane, throttled ? limits.throttleBaseMs : limits.backoffBaseMs),
    )
    if (cause === 'blocked') alarm('lane_blocked', `Pixel ${lane.key.pixelId}: ${remedyFor({ cause })}`)
    if (throttled) hold(lane, 'throttled', cause, afterMs)
    else if (cause !== 'unreachable' && cause !== 'certificate') wait(lane, cause, afterMs)
    // Where nothing can be reached the breaker says when one lane tries for all.
    else if (breaker.state === 'closed') wait(lane, cause, afterMs)
    else lane.more = true
  }

  function backoffOf(lane: Lane, baseMs: number): number {
    return backoffMs(Math.max(1, lane.pace.failures), { baseMs, capMs: limits.backoffCapMs }, random)
  }

  /** Meta can be reached, or cannot. */
  function feel(reach: 'reached' | 'failed' | 'not_tried'): void {
    if (reach === 'not_tried') return breaker.withdrew()
    if (reach === 'reached') {
      if (breaker.reached()) log?.info({ event: 'relay.reached' }, 'Meta can be reached again')
      return
    }
    const wasOpen = breaker.state !== 'closed'
    const forMs = breaker.failed()
    if (forMs === undefined) return
    if (!wasOpen) alarm('meta_unreachable', `Meta cannot be reached. ${remedyFor({ cause: 'unreachable' })}`)
    breakerTimer = setTimeout(() => {
      breaker.halfOpen()
      pump()
    }, forMs)
    // From now on they wait for the one that tries.
    for (const lane of lanes.values()) {
      if (lane.cause === 'unreachable' || lane.cause === 'certificate') resume(lane)
    }
  }

  // ── Waiting, parking, flowing ─────────────────────────────────────────────────────────────────────────────────────

  /** The lane has no turn for so long. Never shortens a wait: what else was under way may know less. */
  function wait(lane: Lane, cause: string, ms: number): void {
    if (lane.state !== 'parked') rest(lane, 'waiting', cause, ms)
    // A probe that came to nothing has learnt nothing about what the lane is parked for.
    else if (lane.pause === undefined && !lane.probing) park(lane, lane.cause ?? cause, Math.max(ms, limits.probeMs))
  }

  function park(lane: Lane, cause: string, ms: number): void {
    clearTimeout(lane.pause?.timer)
    lane.pause = undefined
    rest(lane, 'parked', cause, ms)
  }

  function rest(lane: Lane, state: 'waiting' | 'parked', cause: string, ms: number): void {
    const dueMs = performance.now() + Math.max(0, ms)
    if (stopping || (lane.pause !== undefined && lane.pause.dueMs > dueMs)) return
    clearTimeout(lane.pause?.timer)
    turns.remove(lane)
    lane.more = true
    lane.pause = { timer: setTimeout(() => over(lane), ms), dueMs }
    change(lane, state, cause, Math.round(now() + ms))
  }

  function over(lane: Lane): void {
    lane.pause = undefined
    lane.probing = lane.state === 'parked'
    ready(lane)
  }

  /** Parks, and remembers it in the queue. The alarm is given once, not with each probe. */
  function parkFor(lane: Lane, cause: string, message: string, ms: number): void {
    const isNew = lane.state !== 'parked'
    park(lane, cause, ms)
    const reason = `${message} ${remedyFor({ cause })}`
    const sinceMs = isNew ? now() : (lane.hold?.sinceMs ?? now())
    remember(lane, { kind: 'parked', cause, reason, sinceMs, untilMs: now() + ms })
    if (isNew) alarm('lane_parked', `Pixel ${lane.key.pixelId} is parked, its events wait. ${reason}`)
  }

  /** Waits, and if it is for long, has the other nodes and the next start wait too. */
  function hold(lane: Lane, kind: 'throttled', cause: string, ms: number): void {
    if (lane.state === 'parked') return
    wait(lane, cause, ms)
    if (ms < SHORTEST_HOLD_MS) return
    remember(lane, { kind, cause, reason: remedyFor({ cause }), sinceMs: now(), untilMs: Math.round(now() + ms) })
  }

  function flow(lane: Lane): void {
    // While it waits the hold is true, though something that was under way got through.
    if (lane.hold !== undefined && (lane.pause === undefined || lane.state === 'parked')) remember(lane, undefined)
  }

  function remember(lane: Lane, hold: LaneHold | undefined): void {
    lane.hold = hold
    lane.holdChangedMs = Infinity
    observe({ kind: 'lane', atMs: now(), lane: lane.key, hold })
    const written = queue
      .hold(lane.key, hold)
      .catch((error: unknown) => {
        log?.error({ event: 'relay.hold', lane: lane.name, err: error }, 'a hold cannot be written')
      })
      .finally(() => {
        lane.holdChangedMs = performance.now()
        tasks.delete(written)
      })
    tasks.add(written)
  }

  /** Ends a wait, or being parked. */
  function resume(lane: Lane): void {
    clearTimeout(lane.pause?.timer)
    lane.pause = undefined
    if (lane.state === 'parked') change(lane, 'waiting', 'turn')
    ready(lane)
  }

  /** Ends a wait to see whether its reason is gone; a parked lane stays parked until it is. */
  function tryNow(lane: Lane): void {
    if (lane.state !== 'parked') return resume(lane)
    if (lane.pause === undefined) return
    clearTimeout(lane.pause.timer)
    over(lane)
  }

  function alarm(code: string, message: string): void {
    log?.error({ event: 'alarm', code }, message)
    observe({ kind: 'alarm', atMs: now(), code, message })
  }

  function sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer)
        sleeping.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, stopping ? 0 : ms)
      sleeping.add(wake)
    })
  }

  return {
    start() {
      endings.push(queue.onWaiting((key, added) => gather(laneOf(key), added)))
      endings.push(
        pixels.onChange(() => {
          for (const lane of lanes.values()) if (lane.state === 'parked') tryNow(lane)
        }),
      )
      const timer = setInterval(() => void rescan(false), limits.rescanMs)
      endings.push(() => clearInterval(timer))
      void rescan(true)
    },
    async stop(graceMs) {
      stopping = true
      for (const end of endings.splice(0)) end()
      clearTimeout(breakerTimer)
      for (const lane of lanes.values()) {
        clearTimeout(lane.gathering)
        clearTimeout(lane.pause?.timer)
        turns.remove(lane)
      }
      for (const wake of sleeping) wake()
      const graceEnds = setTimeout(() => api.abort(), graceMs)
      while (tasks.size > 0) await Promise.allSettled(tasks)
      clearTimeout(graceEnds)
      await api.close()
      for (const lane of lanes.values()) change(lane, 'stopped')
    },
    lanes: () => [...lanes.values()].map(viewOf),
    kick: (key) => tryNow(laneOf(key)),
  }
}
