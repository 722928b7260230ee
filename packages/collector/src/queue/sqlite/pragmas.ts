import { QueueUnavailableError } from '../../errors.js'
import type { Database } from './driver.js'

/**
 * How SQLite must behave for the promises to hold. Each is set, read back, and must say what is expected.
 *
 * Pages of 8 KiB: a checkpoint of the same 8 MB stalls half as long as with 4 KiB, and a commit of a single event still
 * writes little. `secure_delete=FAST` overwrites what is deleted where that needs no further write; the rest stays in free
 * pages until they are used again or given back (`auto_vacuum`), which also makes deleting cheap: 1.3 µs an event, not 2.4.
 */
const PRAGMAS: readonly [name: string, set: string | number, readsBack: string | number][] = [
  ['page_size', 8192, 8192],
  ['auto_vacuum', 'INCREMENTAL', 2],
  // One process at a time, by a lock of the operating system's that dies with the process. Spares the -shm file, too.
  ['locking_mode', 'EXCLUSIVE', 'exclusive'],
  ['journal_mode', 'WAL', 'wal'],
  // Every commit is synced before it returns.
  ['synchronous', 'FULL', 2],
  ['wal_autocheckpoint', 1000, 1000],
  ['journal_size_limit', 16 * 1024 * 1024, 16 * 1024 * 1024],
  ['secure_delete', 'FAST', 2],
  ['cell_size_check', 'ON', 1],
  ['trusted_schema', 'OFF', 0],
  ['cache_size', -16_000, -16_000],
]

/** @throws QueueUnavailableError when one of them does not take */
export function setPragmas(db: Database): void {
  for (const [name, set, readsBack] of PRAGMAS) {
    db.prepare(`PRAGMA ${name} = ${set}`).all()
    const value = db.prepare(`PRAGMA ${name}`).get()?.[name]
    if (value !== readsBack) {
      throw new QueueUnavailableError(`SQLite does not take ${name} = ${set}, it says ${String(value)}.`)
    }
  }
}
