import type { Logger } from 'pino'
import { LeaseLostError } from '../errors.js'
import type { Lease, Queue, Verdict } from '../queue/queue.js'
import { backoffMs } from './backoff.js'

/**
 * Writes verdicts, however long the queue refuses: what Meta has accepted is not to be sent again because a disk was full.
 * Until then the lease keeps the events from being offered.
 *
 * @returns whether it was written; `false` when the lease is lost or `isStopping()`, and the events come again
 */
export async function settleForSure(
  queue: Queue,
  lease: Lease,
  verdicts: readonly Verdict[],
  world: {
    isStopping: () => boolean
    sleep: (ms: number) => Promise<void>
    random: () => number
    onFailure: (error: unknown, failures: number) => void
    log?: Logger | undefined
  },
): Promise<boolean> {
  for (let failures = 0; ;) {
    try {
      await queue.settle(lease, verdicts)
      return true
    } catch (error) {
      failures++
      if (error instanceof LeaseLostError || world.isStopping()) return false
      world.onFailure(error, failures)
      await world.sleep(backoffMs(failures, { baseMs: 500, capMs: 10_000 }, world.random))
    }
  }
}
