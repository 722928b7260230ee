import { QueueUnavailableError } from '../../errors.js'
import { DamageError } from './damage.js'
import type { Database } from './driver.js'

type Pragma = readonly [name: string, value: string | number, readsBack: string | number]

/**
 * How SQLite must behave for the promises to hold. Each is set, read back, and must say what is expected.
 *
 * Pages of 8 KiB: a checkpoint of the same 8 MB stalls half as long as with 4 KiB, and a commit of a single event still
 * writes little. `secure_delete=FAST` overwrites what is deleted where that needs no further write; the rest stays in free
 * pages until they are used again or given back (`auto_vacuum`), which also makes deleting cheap: 1.3 µs an event, not 2.4.
 */
const LAYOUT: readonly Pragma[] = [
  ['page_size', 8192, 8192],
  ['auto_vacuum', 'INCREMENTAL', 2],
]
const RUNNING: readonly Pragma[] = [
  ['locking_mode', 'EXCLUSIVE', 'exclusive'],
  ['journal_mode', 'WAL', 'wal'],
  // Every commit is synced before it returns, unless it says that its sync can wait (transaction.ts).
  ['synchronous', 'FULL', 2],
  ['wal_autocheckpoint', 1000, 1000],
  ['journal_size_limit', 16 * 1024 * 1024, 16 * 1024 * 1024],
  ['secure_delete', 'FAST', 2],
  ['cell_size_check', 'ON', 1],
  ['trusted_schema', 'OFF', 0],
  ['cache_size', -16_000, -16_000],
]

/** How a new file is laid out. One that is not new keeps the layout it has. */
export function layOut(db: Database): void {
  for (const [name, value] of LAYOUT) set(db, name, value)
}

/**
 * For an open file, laid out and ours.
 *
 * @throws DamageError when its layout is not the one every queue file has
 * @throws QueueUnavailableError when SQLite does not take one of them
 */
export function setPragmas(db: Database): void {
  for (const [name, , expected] of LAYOUT) {
    if (read(db, name) !== expected) throw new DamageError(`The file says its ${name} is ${String(read(db, name))}.`)
  }
  for (const [name, value, expected] of RUNNING) {
    set(db, name, value)
    if (read(db, name) === expected) continue
    throw new QueueUnavailableError(`SQLite does not take ${name} = ${value}, it says ${String(read(db, name))}.`)
  }
}

/** For a file that is only built, to be synced as a whole and opened properly afterwards. */
export function setPragmasForBuilding(db: Database): void {
  layOut(db)
  set(db, 'journal_mode', 'OFF')
  set(db, 'synchronous', 'OFF')
}

/**
 * Takes the file for this process alone, with a lock of the operating system's that dies with the process. It also spares the
 * -shm file: nobody shares memory.
 */
export function lock(db: Database): void {
  set(db, 'locking_mode', 'EXCLUSIVE')
}

const set = (db: Database, name: string, value: string | number) => db.prepare(`PRAGMA ${name} = ${value}`).all()

const read = (db: Database, name: string) => db.prepare(`PRAGMA ${name}`).get()?.[name]
