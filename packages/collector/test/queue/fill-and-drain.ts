/** A queue filled until it refuses, and emptied again. */
import { expect } from 'vitest'
import { QueueFullError } from '../../src/errors.js'
import type { LaneKey, Queue, QueuedEvent } from '../../src/queue/queue.js'

const LIMIT = { maxEvents: 1_000, maxBytes: 900_000 }
const REQUEST = 50

/** Appends until the queue says that it is full; what it acknowledged before. */
export async function fill(queue: Queue, event: () => QueuedEvent): Promise<string[]> {
  const acknowledged: string[] = []
  for (;;) {
    const events = Array.from({ length: REQUEST }, event)
    try {
      await queue.append(events)
    } catch (error) {
      expect(error).toBeInstanceOf(QueueFullError)
      return acknowledged
    }
    acknowledged.push(...events.map(({ json }) => json))
  }
}

/** Delivers all that waits in a lane; in which order it came. */
export async function drain(queue: Queue, lane: LaneKey): Promise<string[]> {
  const delivered: string[] = []
  for (;;) {
    const lease = await queue.lease(lane, LIMIT)
    if (lease === undefined) return delivered
    await queue.settle(
      lease,
      lease.events.map(({ ref }) => ({ ref, kind: 'delivered' })),
    )
    delivered.push(...lease.events.map(({ json }) => json))
  }
}
