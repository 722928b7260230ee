import type { Logger } from 'pino'
import type { LaneStatus, Queue } from '../queue/queue.js'
import type { KnownLanes } from './known-lanes.js'
import type { Lane } from './lane.js'
import type { RelayLimits } from './limits.js'
import type { Rests } from './rests.js'

/**
 * Asks the queue for lanes that nobody called for (the backlog at a start, lanes of a node that died), and for holds that other
 * nodes set or ended. Forgets lanes that are empty.
 *
 * @param justStarted whether it is the first time
 */
export type Rescan = (justStarted: boolean) => Promise<void>

export function createRescan(options: {
  queue: Pick<Queue, 'lanes'>
  lanes: KnownLanes
  rests: Rests
  limits: Pick<RelayLimits, 'gatherMs'>
  now: () => number
  isStopping: () => boolean
  gather: (lane: Lane) => void
  ready: (lane: Lane) => void
  log?: Logger | undefined
}): Rescan {
  const { queue, lanes, rests, limits, now, isStopping, gather, ready, log } = options

  return async (justStarted) => {
    const askedMs = performance.now()
    let statuses: LaneStatus[]
    try {
      statuses = await queue.lanes()
    } catch (error) {
      log?.error({ event: 'relay.rescan', err: error }, 'the queue does not say which lanes wait')
      return
    }
    if (isStopping()) return

    const found = new Set<Lane>()
    for (const { lane: key, hold, waitingEvents, oldestReceivedAtMs = 0 } of statuses) {
      const lane = lanes.of(key)
      found.add(lane)
      if (lane.inFlight > 0) continue
      if (lane.holdChangedMs < askedMs) rests.adopt(lane, hold, justStarted)
      if (waitingEvents === 0 || lane.more) continue
      const ageMs = now() - oldestReceivedAtMs
      if (ageMs >= limits.gatherMs || ageMs < 0) ready(lane)
      else gather(lane)
    }
    for (const lane of lanes.all()) {
      if (lane.state === 'idle' && lane.inFlight === 0 && !found.has(lane)) lanes.forget(lane)
    }
  }
}
