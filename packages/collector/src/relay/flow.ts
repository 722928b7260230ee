import type { Logger } from 'pino'
import type { Pixels } from '../pixels.js'
import { backoffMs } from './backoff.js'
import type { Batches } from './batch.js'
import { mannerOf } from './batch.js'
import type { Breaker } from './breaker.js'
import type { Conclude } from './conclude.js'
import type { Dispatch, Slot } from './dispatch.js'
import type { Lane } from './lane.js'
import { change, hasRoom } from './lane.js'
import type { RelayLimits } from './limits.js'
import type { Rests } from './rests.js'
import type { Tasks } from './tasks.js'

/**
 * An event's way from the queue to Meta, lane by lane, read from top to bottom:
 *
 *     gather ─► ready ─► (its turn) ─► begin: lease ─► send ─► conclude ─► settle ─► gather, ready or rest
 */
export interface Flow {
  /** New events: the first one waits a little for others, unless there are enough already or someone is watching Test Events. */
  gather(lane: Lane, added?: number): void
  /** The lane may have events to send: it gets a turn, if it is not resting. */
  ready(lane: Lane): void
  /** It is the lane's turn: one batch. */
  begin(lane: Lane, slot: Slot): void
}

export interface FlowOptions {
  pixels: Pixels
  limits: RelayLimits
  dispatch: Dispatch
  batches: Batches
  conclude: Conclude
  rests: Rests
  breaker: Breaker
  tasks: Tasks
  random: () => number
  isStopping: () => boolean
  log?: Logger | undefined
}

export function createFlow(options: FlowOptions): Flow {
  const { pixels, limits, dispatch, batches, conclude, rests, breaker, tasks, random, isStopping, log } = options

  function gather(lane: Lane, added = 0): void {
    lane.added += added
    if (isStopping() || lane.more) return
    const testCode = lane.key.testEventCode ?? pixels.get(lane.key.pixelId)?.testEventCode
    if (testCode !== undefined || lane.added >= lane.pace.maxEvents) return ready(lane)
    lane.gathering ??= setTimeout(() => ready(lane), limits.gatherMs)
    if (lane.state === 'idle') change(lane, 'waiting', 'gathering')
  }

  function ready(lane: Lane): void {
    clearTimeout(lane.gathering)
    lane.gathering = undefined
    lane.more = true
    if (lane.pause !== undefined || isStopping()) return
    if (lane.inFlight === 0 && lane.state !== 'parked') change(lane, 'waiting', 'turn')
    if (hasRoom(lane)) dispatch.add(lane)
  }

  function begin(lane: Lane, slot: Slot): void {
    const task = send(lane, slot)
      .catch((error: unknown) => {
        log?.error({ event: 'relay.lane', lane: lane.name, err: error }, 'the queue does not lease')
        breaker.withdrew()
        lane.pace = { ...lane.pace, failures: lane.pace.failures + 1 }
        const backoff = { baseMs: limits.backoffBaseMs, capMs: limits.backoffCapMs }
        rests.wait(lane, 'queue', backoffMs(lane.pace.failures, backoff, random))
      })
      .finally(() => {
        lane.inFlight--
        slot.free()
        goOn(lane)
      })
    tasks.add(task)
  }

  /** One batch. The socket is given back before the verdicts are written, so that another batch can be sent meanwhile. */
  async function send(lane: Lane, slot: Slot): Promise<void> {
    const manner = mannerOf(lane, slot.express)
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
    slot.free()
    goOn(lane)
    await batches.settle(lane, lease, delivery)
  }

  /** After a batch: the next one, or rest. */
  function goOn(lane: Lane): void {
    if (lane.pause !== undefined || isStopping()) return
    if (lane.more) return ready(lane)
    if (lane.inFlight > 0 || lane.state === 'parked') return
    if (lane.gathering === undefined) change(lane, 'idle')
    else change(lane, 'waiting', 'gathering')
  }

  return { gather, ready, begin }
}
