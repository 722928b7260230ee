import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { performance } from 'node:perf_hooks'
import { setTimeout as wait } from 'node:timers/promises'
import { QueueFullError, QueueInUseError, QueueUnavailableError } from '../../errors.js'
import type { QueueOptions } from '../queue-options.js'
import type { LaneKey, Queue, QueueStatus } from '../queue.js'
import { unwelcomeBecause } from '../welcome.js'
import { Bodies } from './bodies.js'
import { asQueueError, connectBrokers, ensureStream, patiently, replicasWanted } from './connection.js'
import { Drainer } from './drainer.js'
import type { Follower } from './follower.js'
import { followLog } from './follower.js'
import { isTooOld, needed, weaknessesOf } from './guarantees.js'
import { Intake } from './intake.js'
import { jetstreamDeadLetters } from './letters.js'
import { LogEnd } from './log-end.js'
import { LogState } from './log-state.js'
import { parseNatsUrl } from './nats-url.js'
import { Nodes, OWNERSHIP_MS } from './nodes.js'
import { Pages } from './pages.js'
import { Publisher } from './publisher.js'
import { Reserve } from './reserve.js'
import { bucketOf, REMEMBERED_BUCKETS } from './seen.js'
import { Sweeper } from './sweeper.js'
import { lanesOf, statusOf, waitingBytes } from './waiting.js'

/** Half of the relay's batching second. */
const LOOK_EVERY_MS = 500

/** How long to wait before brokers that do not answer are asked again. */
const ASSURE_AGAIN_AFTER_MS = 250

/** Signs of life in the time after which a node is dead. */
const BEATS = 3

export interface JetstreamQueueOptions extends QueueOptions {
  /** How long a dead node keeps its lanes, in milliseconds. */
  ownershipMs?: number
  /** How often to look for lanes that nobody drains, and to sweep, in milliseconds. */
  lookEveryMs?: number
  /** How often to say that this node lives, in milliseconds. */
  beatEveryMs?: number
}

/** A queue on one log. */
export interface LogQueue extends Queue {
  /** Lets go of everything without another word to the log. */
  abandon(): Promise<void>
}

/**
 * Opens the log and follows it, as long as it is one.
 *
 * @param onCut is told, once, that the brokers have lost the end of the log: what this node knows is not true any more
 */
export async function openLogQueue(
  queueUrl: string,
  options: JetstreamQueueOptions,
  onCut: () => void,
): Promise<LogQueue> {
  const { maxBytes, log, observe, now, pixelIds = [], alone = false } = options
  const { ownershipMs = OWNERSHIP_MS, lookEveryMs = LOOK_EVERY_MS, beatEveryMs = ownershipMs / BEATS } = options
  const url = parseNatsUrl(queueUrl)
  const brokers = await connectBrokers(url)
  const { stream } = url
  const listeners = new Set<(lane: LaneKey, added?: number) => void>()
  const tell = (lane: LaneKey, added?: number) => listeners.forEach((listener) => listener(lane, added))

  const state: LogState = new LogState(stream, (lane, events) => {
    if (drainer.mayTake(state.pixel(lane.pixelId))) tell(lane, events)
  })
  const publisher = new Publisher({
    brokers,
    stream,
    state,
    onCut: cut,
    onDoubt: doubt,
    reader: () => follower,
    makeRoom: () => reserve.giveUp(),
  })
  const bodies: Bodies = new Bodies({ brokers, stream, commit: () => nodes.beat() })
  const pages = new Pages(state, publisher)
  const nodes = new Nodes({
    id: `${hostname()}/${process.pid}/${randomBytes(4).toString('hex')}`,
    state,
    publisher,
    pixels: pixelIds,
    ownershipMs,
  })
  const logEnd = new LogEnd({ state, bodies, node: nodes.id })
  const reserve: Reserve = new Reserve({
    brokers,
    stream,
    state,
    publisher,
    logEnd,
    elapsedMs: () => performance.now(),
  })
  const drainer: Drainer = new Drainer({ state, pages, nodes, bodies, now, onLost })
  const intake = new Intake({ state, publisher, bodies, now })
  const sweeper = new Sweeper({ brokers, stream, state, publisher, logEnd, now })
  let follower: Follower
  let closing = false
  let isCut = false
  /** Before that nothing is in doubt: the log is read from its beginning, however often the brokers elect their leaders meanwhile. */
  let hasBegun = false
  let assuring: Promise<void> | undefined
  let trouble: string | undefined
  /** How much room the last refused request would have needed; nothing while there is enough. */
  let missingBytes = 0

  try {
    await begin()
  } catch (error) {
    closing = true
    await brokers.connection.close()
    throw asQueueError(error)
  }

  hasBegun = true

  async function begin(): Promise<void> {
    const version = brokers.connection.info?.version ?? '0.0.0'
    if (isTooOld(version)) {
      throw new QueueUnavailableError(`The brokers run NATS Server ${version}; ${needed} is the oldest that will do.`)
    }
    const replicas = await ensureStream(brokers, stream, replicasWanted(url, brokers))
    for (const { code, says, mend } of weaknessesOf({ version, replicas })) {
      log.warn({ event: 'queue.weak', code }, `${says} ${mend}`)
    }
    follower = await patiently(() => followLog(brokers, stream, state, log))
    try {
      await catchUp()
      nodes.lookBack()
      await assertWelcome()
      await patiently(() => reserve.refill())
    } catch (error) {
      await follower.close()
      throw error
    }
  }

  /** The first beat stands at the end of the log; a long log takes its time to be read. */
  async function catchUp(): Promise<void> {
    for (;;) {
      const before = state.seq
      try {
        await patiently(() => nodes.beat())
        return
      } catch (error) {
        if (state.seq === before) throw error
      }
    }
  }

  async function assertWelcome(): Promise<void> {
    const problem = unwelcomeBecause(nodes.others(), {
      pixelIds,
      alone,
      aliveMs: ownershipMs,
      shared: 'this stream',
      remedy: 'its own: QUEUE_URL=…?stream=another_name',
    })
    if (problem === undefined) return
    await nodes.stop()
    throw new QueueInUseError(problem)
  }

  function onLost(pixelId: string, events: number): void {
    const message = `The brokers have lost a message with ${events} acknowledged events of pixel ${pixelId}.`
    log.error({ event: 'queue.lost', pixelId, events }, message)
    observe({ kind: 'alarm', atMs: now(), code: 'queue_damaged', message })
  }

  function cut(): void {
    if (isCut || closing) return
    isCut = true
    onCut()
  }

  /** Nothing is written until it is certain that the log is still the one that was read. */
  function doubt(): void {
    if (!hasBegun) return
    publisher.reachable = false
    logEnd.outage()
    assuring ??= assure().finally(() => (assuring = undefined))
  }

  async function assure(): Promise<void> {
    while (!publisher.reachable && !closing && !isCut) {
      await beat().catch(() => wait(ASSURE_AGAIN_AFTER_MS))
    }
  }

  async function watchConnection(): Promise<void> {
    for await (const { type } of brokers.connection.status()) if (type === 'disconnect' && !closing) doubt()
  }
  void watchConnection()

  async function beat(): Promise<void> {
    try {
      if (!(await logEnd.stands())) cut()
      if (isCut) throw new QueueUnavailableError('The brokers have lost the end of the log.')
      await nodes.beat()
      publisher.reachable = true
      if (trouble !== undefined) log.info({ event: 'queue.reachable' }, 'the brokers are back')
      trouble = undefined
    } catch (error) {
      publisher.reachable = false
      logEnd.outage()
      const reason = asQueueError(error)
      if (trouble === undefined) {
        log.error({ event: 'queue.unreachable', reason: reason.message }, 'the brokers cannot be used')
      }
      trouble = reason.message
      throw reason
    }
  }

  /** Lanes that this node drains or could drain, and what can be deleted of those it has. */
  async function look(): Promise<void> {
    state.seen.forgetOld(now())
    for (const pixel of state.pixels.values()) {
      if (pixel.page.owner !== nodes.id) pixel.forgetNotes(bucketOf(now()) - REMEMBERED_BUCKETS)
      if (!drainer.mayTake(pixel)) continue
      for (const testEventCode of pixel.waiting.keys()) tell(pixel.lane(testEventCode))
      if (pixel.page.owner === nodes.id && publisher.reachable) await sweeper.sweep(pixel)
    }
    if (publisher.reachable) await sweeper.sweepBeats(nodes)
    if (publisher.reachable && !reserve.isComplete) await reserve.refill()
  }

  let underWay = Promise.resolve()
  const inTurn = (work: () => Promise<void>) => {
    // What goes wrong here goes wrong for those who append and settle too, and is told by the next beat.
    underWay = underWay.then(work).catch(() => undefined)
  }
  const looks = setInterval(() => inTurn(look), lookEveryMs)
  const beats = setInterval(() => void beat().catch(() => undefined), beatEveryMs)
  for (const timer of [looks, beats]) timer.unref()

  return {
    async append(events, drops = []) {
      if (closing) throw new QueueUnavailableError('The queue is closed.')
      if (!reserve.isComplete) throw new QueueFullError('The brokers have no room left.')
      const bytes = events.reduce((sum, { json }) => sum + json.length, 0)
      if (waitingBytes(state.pixels.values()) + bytes > maxBytes) {
        missingBytes = bytes
        throw new QueueFullError()
      }
      return intake.append(events, drops)
    },

    lease: (lane, limit) => drainer.lease(lane, limit).catch(rethrow),

    async settle(lease, verdicts) {
      const freed = await drainer.settle(lease, verdicts).catch(rethrow)
      if (freed) tell(lease.lane)
    },

    lanes: () => Promise.resolve([...state.pixels.values()].flatMap(lanesOf)),

    async hold({ pixelId, testEventCode = '' }, hold) {
      await pages.change(pixelId, (page) => {
        if (hold === undefined && page.holds[testEventCode] === undefined) return false
        if (hold === undefined) delete page.holds[testEventCode]
        else page.holds[testEventCode] = hold
      })
    },

    onWaiting(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },

    deadLetters: jetstreamDeadLetters({ bodies, state, publisher, pages, nodes, now }),

    async books() {
      // So that what other nodes have written before this call is read.
      if (!closing) await nodes.beat()
      const pixels = [...state.pixels.values()].map((pixel) => pixel.books())
      return { pixels: pixels.filter(({ received }) => received > 0) }
    },

    status(): Promise<QueueStatus> {
      const waiting = statusOf(state.pixels.values())
      if (waiting.bytes + missingBytes <= maxBytes) missingBytes = 0
      const refusing = closing
        ? 'closing'
        : trouble !== undefined
          ? 'unreachable'
          : missingBytes > 0 || !reserve.isComplete
            ? 'full'
            : undefined
      return Promise.resolve({ ...waiting, maxBytes, ...(refusing !== undefined && { refusing }) })
    },

    probe: beat,

    async abandon() {
      closing = true
      for (const timer of [looks, beats]) clearInterval(timer)
      await follower.close()
      await brokers.connection.close()
    },

    async close() {
      if (closing) return
      closing = true
      for (const timer of [looks, beats]) clearInterval(timer)
      await intake.settled()
      await underWay
      // If the brokers are away, the lanes move when this node is taken for dead.
      await drainer
        .giveBack()
        .then(() => nodes.stop())
        .catch((error: unknown) =>
          log.warn(
            { event: 'queue.lanes_not_given_back', reason: asQueueError(error).message },
            'lanes move when this node is taken for dead',
          ),
        )
      await follower.close()
      await brokers.connection.close()
    },
  }
}

function rethrow(error: unknown): never {
  throw asQueueError(error)
}
