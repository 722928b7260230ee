import type { Breaker } from './breaker.js'
import type { Lane } from './lane.js'

/** Whether a request got through to the other side, could not leave, or was not made. */
export type Reach = 'reached' | 'failed' | 'not_tried'

/** Causes that are about the way to Meta, not about a lane. */
export const WAY_CAUSES: ReadonlySet<string> = new Set(['unreachable', 'certificate'])

export interface ReachWatch {
  /** Is told of each request. */
  feel(reach: Reach): void
  end(): void
}

/** Opens and closes the way for all lanes, by what single requests meet. */
export function createReachWatch(options: {
  breaker: Breaker
  lanes: () => Iterable<Lane>
  resume: (lane: Lane) => void
  /** One lane may try. */
  tryOne: () => void
  onLost: () => void
  onFound: () => void
}): ReachWatch {
  const { breaker, lanes, resume, tryOne, onLost, onFound } = options
  let timer: NodeJS.Timeout | undefined

  return {
    feel(reach) {
      if (reach === 'not_tried') return breaker.withdrew()
      if (reach === 'reached') {
        if (breaker.reached()) onFound()
        return
      }
      const wasReachable = breaker.state === 'closed'
      const forMs = breaker.failed()
      if (forMs === undefined) return
      if (wasReachable) onLost()
      timer = setTimeout(() => {
        breaker.halfOpen()
        tryOne()
      }, forMs)
      // From now on they wait for the one that tries.
      for (const lane of lanes()) if (WAY_CAUSES.has(lane.cause ?? '')) resume(lane)
    },
    end: () => clearTimeout(timer),
  }
}
