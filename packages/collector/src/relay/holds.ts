import type { Logger } from 'pino'
import type { Observe } from '../observer.js'
import type { LaneHold, Queue } from '../queue/queue.js'
import type { Lane } from './lane.js'
import type { Tasks } from './tasks.js'

/** Notes why a lane is held, here and in the queue, for other nodes and the next start; `undefined` when it flows again. */
export type Remember = (lane: Lane, hold: LaneHold | undefined) => void

export function createRemember(options: {
  queue: Pick<Queue, 'hold'>
  tasks: Tasks
  now: () => number
  observe: Observe
  log?: Logger | undefined
}): Remember {
  const { queue, tasks, now, observe, log } = options

  return (lane, hold) => {
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
      })
    tasks.add(written)
  }
}
