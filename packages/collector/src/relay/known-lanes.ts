import type { LaneKey } from '../queue/queue.js'
import { laneName } from '../queue/queue.js'
import type { Lane } from './lane.js'
import { createLane } from './lane.js'
import type { RelayLimits } from './limits.js'

/** The lanes that the relay knows: those that hold something, or did a moment ago. */
export interface KnownLanes {
  /** The lane of that key, a new one if need be. */
  of(key: LaneKey): Lane
  all(): IterableIterator<Lane>
  forget(lane: Lane): void
}

export function createKnownLanes(limits: RelayLimits, random: () => number): KnownLanes {
  const lanes = new Map<string, Lane>()
  return {
    of(key) {
      const name = laneName(key)
      let lane = lanes.get(name)
      if (lane === undefined) lanes.set(name, (lane = createLane(key, limits, random)))
      return lane
    },
    all: () => lanes.values(),
    forget: (lane) => void lanes.delete(lane.name),
  }
}
