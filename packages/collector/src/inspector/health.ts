import { gap, type Queue } from '../queue/queue.js'
import type { Health } from './api.js'

/** Asks the queue how things stand. A queue that cannot be asked is itself the answer. */
export async function readHealth(
  queue: Queue,
  known: Pick<Health, 'nowMs' | 'startedAtMs' | 'wrongPasswords' | 'history'>,
): Promise<Health> {
  try {
    const [status, lanes, books] = await Promise.all([queue.status(), queue.lanes(), queue.books()])
    return {
      ...known,
      queue: status,
      lanes: lanes.map(({ lane, waitingEvents, oldestReceivedAtMs, hold }) => ({
        ...lane,
        waitingEvents,
        ...(oldestReceivedAtMs !== undefined && { oldestReceivedAtMs }),
        ...(hold && { hold }),
      })),
      books: books.pixels.map((pixel) => ({ ...pixel, gap: gap(pixel) })),
    }
  } catch (error) {
    return { ...known, queueProblem: error instanceof Error ? error.message : String(error), lanes: [], books: [] }
  }
}
