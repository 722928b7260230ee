import type { Logger } from 'pino'
import type { Dispatcher } from 'undici'
import type { Observe } from '../observer.js'
import type { Pixels } from '../pixels.js'
import type { LaneKey, Queue } from '../queue/queue.js'
import { createAttempt } from './attempt.js'
import { createBatches } from './batch.js'
import { createBreaker } from './breaker.js'
import { createConclude } from './conclude.js'
import { createDispatch } from './dispatch.js'
import type { Flow } from './flow.js'
import { createFlow } from './flow.js'
import { createGraphApi } from './graph-api.js'
import { createRemember } from './holds.js'
import { createKnownLanes } from './known-lanes.js'
import type { Lane, LaneView } from './lane.js'
import { change, viewOf } from './lane.js'
import type { RelayLimits } from './limits.js'
import { RELAY_LIMITS } from './limits.js'
import { createMetaClock, wordsForWrong } from './meta-clock.js'
import { createReachWatch } from './reach.js'
import { remedyFor } from './remedies.js'
import { createRescan } from './rescan.js'
import { createRests } from './rests.js'
import { createSleep } from './sleep.js'
import { createTasks } from './tasks.js'

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
 * The way of an event is in `flow.ts`: a lane gets a turn (`dispatch.ts`); a batch of it is leased, sent and settled (`batch.ts`); what
 * Meta said decides when it has the next (`conclude.ts`, `rests.ts`). What to decide is pure: `classify.ts`, `bisect.ts`, `pace.ts`,
 * `backoff.ts`. Here the parts are put together, started and stopped.
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
  const lanes = createKnownLanes(limits, random)
  const tasks = createTasks()
  const sleep = createSleep()
  const endings: (() => void)[] = []
  let stopping = false
  const isStopping = () => stopping

  // The parts call each other in a circle, which closes at the end.
  const ready: Flow['ready'] = (lane) => flow.ready(lane)
  const begin: Flow['begin'] = (lane, slot) => flow.begin(lane, slot)
  const unready = (lane: Lane) => dispatch.remove(lane)

  const api = createGraphApi({ ...options, limits })
  const metaClock = createMetaClock({
    now,
    onWrong: (aheadMs) => alarm('clock_wrong', wordsForWrong(aheadMs)),
    onRight: () => log?.info({ event: 'relay.clock' }, "The clock of this machine agrees with Meta's again"),
  })
  const attempt = createAttempt({ api, pixels, observe, log, now, metaClock, limits })
  const wayBackoff = { baseMs: limits.backoffBaseMs, capMs: limits.breakerCapMs }
  const breaker = createBreaker(limits.breakerOpensAfter, wayBackoff, random)
  const dispatch = createDispatch({ limits, breaker, isStopping, begin })
  const remember = createRemember({ queue, tasks, now, observe, log })
  const rests = createRests({ limits, now, random, isStopping, ready, unready, remember, alarm })
  const conclude = createConclude({ rests, limits, random, breakerState: () => breaker.state, alarm })
  const watch = createReachWatch({
    breaker,
    lanes: () => lanes.all(),
    resume: (lane) => rests.resume(lane),
    tryOne: () => dispatch.pump(),
    onLost: () => alarm('meta_unreachable', `Meta cannot be reached. ${remedyFor({ cause: 'unreachable' })}`),
    onFound: () => log?.info({ event: 'relay.reached' }, 'Meta can be reached again'),
  })
  const batches = createBatches({
    ...{ queue, limits, now, random, observe, log, alarm, isStopping },
    sleep: (ms) => sleep.for(ms),
    metaNow: () => metaClock.now(),
    async attempt(lane, events, bisecting) {
      const attempted = await attempt(lane, events, bisecting)
      watch.feel(attempted.reach)
      return attempted
    },
  })
  const flow = createFlow({
    ...{ pixels, limits, dispatch, batches, conclude, rests, breaker, tasks, random, isStopping, log },
  })
  const gather: Flow['gather'] = (lane, added) => flow.gather(lane, added)
  const rescan = createRescan({ queue, lanes, rests, limits, now, isStopping, gather, ready, log })

  function alarm(code: string, message: string): void {
    log?.error({ event: 'alarm', code }, message)
    observe({ kind: 'alarm', atMs: now(), code, message })
  }

  return {
    start() {
      endings.push(queue.onWaiting((key, added) => gather(lanes.of(key), added)))
      endings.push(
        pixels.onChange(() => {
          for (const lane of lanes.all()) if (lane.state === 'parked') rests.tryNow(lane)
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
      for (const lane of lanes.all()) {
        clearTimeout(lane.gathering)
        clearTimeout(lane.pause?.timer)
      }
      sleep.wakeAll()
      const done = tasks.allDone()
      await Promise.race([done, sleep.for(graceMs)])
      api.abort()
      await Promise.race([done, sleep.for(limits.giveBackMs)])
      sleep.wakeAll()
      await api.close()
      for (const lane of lanes.all()) change(lane, 'stopped')
    },

    lanes: () => [...lanes.all()].map(viewOf),
    kick: (key) => rests.tryNow(lanes.of(key)),
  }
}
