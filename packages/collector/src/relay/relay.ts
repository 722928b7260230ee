import type { Logger } from 'pino'
import type { Dispatcher } from 'undici'
import type { Observe } from '../observer.js'
import type { Pixels } from '../pixels.js'
import type { LaneHold, LaneKey, LaneStatus, Queue } from '../queue/queue.js'
import { laneName } from '../queue/queue.js'
import { createAttempt } from './attempt.js'
import { backoffMs } from './backoff.js'
import { createBatches, mannerOf } from './batch.js'
import { createBreaker } from './breaker.js'
import { createConclude } from './conclude.js'
import { createDispatch } from './dispatch.js'
import { createGraphApi } from './graph-api.js'
import type { Lane, LaneView } from './lane.js'
import { change, createLane, hasRoom, viewOf } from './lane.js'
import type { RelayLimits } from './limits.js'
import { RELAY_LIMITS } from './limits.js'
import { createReachWatch } from './reach.js'
import { remedyFor } from './remedies.js'
import { createRests } from './rests.js'
import { createSleep } from './sleep.js'

/**
 * From the queue to Meta.
 *
 * Promises, each with the test that would fail if it were broken:
 *
 * 1. Nothing leaves the queue before Meta said 200 to it, or refused it alone, or its time was over (`faults.test.ts`,
 *    `bad-events.test.ts`).
 * 2. Lanes do not wait for each other: one pixel's bad token, throttle or outage never delays another's events
 *    (`faults.test.ts`, `fairness.test.ts`).
 * 3. A batch leaves when it is full, or within a second (`batches.test.ts`).
 * 4. What was sent without an answer is sent again with the same event id, and not after 47 hours (`batches.test.ts`).
 * 5. A parked lane keeps all its events, and flows again within a minute of the mend (`parking.test.ts`).
 * 6. At most `limits.sockets` connections are open, whatever Meta does (`fairness.test.ts`).
 * 7. `stop()` finishes or gives back what is under way, within its grace time (`stopping.test.ts`).
 *
 * A lane gets a turn (`dispatch.ts`); a batch of it is leased, sent and settled (`batch.ts`); what Meta said decides when it has the
 * next (`conclude.ts`, `rests.ts`). What to decide is pure: `classify.ts`, `bisect.ts`, `pace.ts`, `backoff.ts`.
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

export function createRelay(options: RelayOptions): Relay {
  const { queue, pixels, observe, log, now = () => Date.now(), random = Math.random } = options
  const limits: RelayLimits = { ...RELAY_LIMITS, ...options.limits }
  const lanes = new Map<string, Lane>()
  const tasks = new Set<Promise<void>>()
  const endings: (() => void)[] = []
  let stopping = false
  const isStopping = () => stopping

  const api = createGraphApi({ ...options, limits })
  const attempt = createAttempt({ api, pixels, observe, log, now, limits })
  const wayBackoff = { baseMs: limits.backoffBaseMs, capMs: limits.breakerCapMs }
  const breaker = createBreaker(limits.breakerOpensAfter, wayBackoff, random)
  const sleep = createSleep()
  const dispatch = createDispatch({ limits, breaker, isStopping, begin })
  const unready = (lane: Lane) => dispatch.remove(lane)
  const rests = createRests({ limits, now, random, isStopping, ready, unready, remember, alarm })
  const conclude = createConclude({ rests, limits, random, breakerState: () => breaker.state, alarm })
  const watch = createReachWatch({
    breaker,
    lanes: () => lanes.values(),
    resume: (lane) => rests.resume(lane),
    tryOne: () => dispatch.pump(),
    onLost: () => alarm('meta_unreachable', `Meta cannot be reached. ${remedyFor({ cause: 'unreachable' })}`),
    onFound: () => log?.info({ event: 'relay.reached' }, 'Meta can be reached again'),
  })
  const batches = createBatches({
    ...{ queue, limits, now, random, observe, log, alarm, isStopping },
    sleep: (ms) => sleep.for(ms),
    async attempt(lane, events, bisecting) {
      const attempted = await attempt(lane, events, bisecting)
      watch.feel(attempted.reach)
      return attempted
    },
  })

  function laneOf(key: LaneKey): Lane {
    const name = laneName(key)
    let lane = lanes.get(name)
    if (lane === undefined) lanes.set(name, (lane = createLane(key, limits, random)))
    return lane
  }

  /** New events: the first one waits a little for others, unless there are enough already or someone is watching Test Events. */
  function gather(lane: Lane, added = 0): void {
    lane.added += added
    if (stopping || lane.more) return
    const testCode = lane.key.testEventCode ?? pixels.get(lane.key.pixelId)?.testEventCode
    if (testCode !== undefined || lane.added >= lane.pace.maxEvents) return ready(lane)
    lane.gathering ??= setTimeout(() => ready(lane), limits.gatherMs)
    if (lane.state === 'idle') change(lane, 'waiting', 'gathering')
  }

  /** The lane may have events to send: it gets a turn, if it is not resting. */
  function ready(lane: Lane): void {
    clearTimeout(lane.gathering)
    lane.gathering = undefined
    lane.more = true
    if (lane.pause !== undefined || stopping) return
    if (lane.inFlight === 0 && lane.state !== 'parked') change(lane, 'waiting', 'turn')
    if (hasRoom(lane)) dispatch.add(lane)
  }

  function begin(lane: Lane, free: () => void): void {
    const task = run(lane, free)
      .catch((error: unknown) => {
        log?.error({ event: 'relay.lane', lane: lane.name, err: error }, 'the queue does not lease')
        breaker.withdrew()
        lane.pace = { ...lane.pace, failures: lane.pace.failures + 1 }
        const backoff = { baseMs: limits.backoffBaseMs, capMs: limits.backoffCapMs }
        rests.wait(lane, 'queue', backoffMs(lane.pace.failures, backoff, random))
      })
      .finally(() => {
        lane.inFlight--
        tasks.delete(task)
        free()
        goOn(lane)
      })
    tasks.add(task)
  }

  /** One batch. The socket is given back before the verdicts are written, so that another lane can send meanwhile. */
  async function run(lane: Lane, free: () => void): Promise<void> {
    const manner = mannerOf(lane)
    lane.probing = false
    const lease = await batches.lease(lane, manner)
    if (lease === undefined) {
      breaker.withdrew()
      if (manner.probing) rests.tryAgain(lane)
      return
    }
    if (lane.more && !manner.probing) ready(lane)

    const { delivery, tried } = await batches.send(lane, lease, manner)
    if (!tried) breaker.withdrew()
    // What had expired says nothing about the settings: the next one is tried at once.
    if (manner.probing && !tried) rests.tryAgain(lane, 0)
    else conclude(lane, delivery, manner.probing)
    free()
    goOn(lane)
    await batches.settle(lane, lease, delivery)
  }

  /** After a batch: the next one, or rest. */
  function goOn(lane: Lane): void {
    if (lane.pause !== undefined || stopping) return
    if (lane.more) return ready(lane)
    if (lane.inFlight > 0 || lane.state === 'parked') return
    if (lane.gathering === undefined) change(lane, 'idle')
    else change(lane, 'waiting', 'gathering')
  }

  /** Asks the queue for lanes that nobody called for, and for holds that other nodes set or ended. */
  async function rescan(justStarted: boolean): Promise<void> {
    const askedMs = performance.now()
    let statuses: LaneStatus[]
    try {
      statuses = await queue.lanes()
    } catch (error) {
      log?.error({ event: 'relay.rescan', err: error }, 'the queue does not say which lanes wait')
      return
    }
    if (stopping) return
    const known = new Set<Lane>()
    for (const { lane: key, hold, waitingEvents, oldestReceivedAtMs = 0 } of statuses) {
      const lane = laneOf(key)
      known.add(lane)
      if (lane.inFlight > 0) continue
      if (lane.holdChangedMs < askedMs) rests.adopt(lane, hold, justStarted)
      if (waitingEvents === 0 || lane.more) continue
      const ageMs = now() - oldestReceivedAtMs
      if (ageMs >= limits.gatherMs || ageMs < 0) ready(lane)
      else gather(lane)
    }
    for (const lane of lanes.values()) {
      if (lane.state === 'idle' && lane.inFlight === 0 && !known.has(lane)) lanes.delete(lane.name)
    }
  }

  function remember(lane: Lane, hold: LaneHold | undefined): void {
    lane.hold = hold
    // Until it is written, what a rescan reads is older.
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

  function alarm(code: string, message: string): void {
    log?.error({ event: 'alarm', code }, message)
    observe({ kind: 'alarm', atMs: now(), code, message })
  }

  async function allDone(): Promise<void> {
    while (tasks.size > 0) await Promise.allSettled(tasks)
  }

  return {
    start() {
      endings.push(queue.onWaiting((key, added) => gather(laneOf(key), added)))
      endings.push(
        pixels.onChange(() => {
          for (const lane of lanes.values()) if (lane.state === 'parked') rests.tryNow(lane)
        }),
      )
      const timer = setInterval(() => void rescan(false), limits.rescanMs)
      endings.push(() => clearInterval(timer))
      void rescan(true)
    },

    async stop(graceMs) {
      stopping = true
      for (const end of endings.splice(0)) end()
      watch.end()
      for (const lane of lanes.values()) {
        clearTimeout(lane.gathering)
        clearTimeout(lane.pause?.timer)
      }
      sleep.wakeAll()
      const done = allDone()
      await Promise.race([done, sleep.for(graceMs)])
      api.abort()
      await Promise.race([done, sleep.for(limits.giveBackMs)])
      sleep.wakeAll()
      await api.close()
      for (const lane of lanes.values()) change(lane, 'stopped')
    },

    lanes: () => [...lanes.values()].map(viewOf),
    kick: (key) => rests.tryNow(laneOf(key)),
  }
}
