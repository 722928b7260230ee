import { gap, type LaneStatus, type PixelBooks, type Queue, type QueueStatus } from './queue/queue.js'

/** Everything a person or a script asks of a queue, as JSON. */
export interface QueueReport {
  status: QueueStatus
  lanes: LaneStatus[]
  /** With `gap` 0 the books balance. */
  books: (PixelBooks & { gap: number })[]
}

export async function reportOn(queue: Pick<Queue, 'status' | 'lanes' | 'books'>): Promise<QueueReport> {
  const [status, lanes, { pixels }] = await Promise.all([queue.status(), queue.lanes(), queue.books()])
  return { status, lanes, books: pixels.map((entry) => ({ ...entry, gap: gap(entry) })) }
}
