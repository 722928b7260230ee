import type { LaneKey } from '../queue.js'
import type { Database } from './driver.js'
import type { Lane, Lanes } from './lanes.js'
import { formatLaneKey, newLane } from './lanes.js'
import type { Sum } from './schema.js'
import { SUMS } from './schema.js'

/** One transaction. What it changes in memory is changed after the commit, so that a failure leaves file and memory alike. */
export interface Transaction {
  /** The lane of that key; a new row where there was none. */
  lane(key: LaneKey): Lane
  /** Counts, in the same transaction as what is counted. */
  add(lane: Lane, sum: Sum, count: number): void
  /** Runs when the transaction is durable. */
  afterCommit(change: () => void): void
}

/**
 * Runs `work` in a transaction; when it returns, that is committed.
 *
 * @param sync `now`, the default: it is also on stable storage. `with_next`: it is there with the next one that is synced, at the
 *   latest with the readiness probe a second later. A power cut before takes it back as a whole, never in part.
 */
export type Transact = <Result>(work: (transaction: Transaction) => Result, sync?: 'now' | 'with_next') => Result

export function transactions(db: Database, lanes: Lanes): Transact {
  const begin = db.prepare('BEGIN IMMEDIATE')
  const commit = db.prepare('COMMIT')
  const rollback = db.prepare('ROLLBACK')
  const insertLane = db.prepare('INSERT INTO lane (id, key) VALUES (?, ?)')
  const addSums = db.prepare(`UPDATE lane SET ${SUMS.map((sum) => `${sum} = ${sum} + ?`).join(', ')} WHERE id = ?`)

  const synchronous = { now: 'FULL', with_next: 'NORMAL' } as const
  let syncing: keyof typeof synchronous = 'now'

  return (work, sync = 'now') => {
    if (sync !== syncing) {
      // In a WAL, NORMAL leaves out the sync at a commit and nothing else.
      db.exec(`PRAGMA synchronous = ${synchronous[sync]}`)
      syncing = sync
    }
    const newLanes = new Map<string, Lane>()
    const added = new Map<Lane, Record<Sum, number>>()
    const changes: (() => void)[] = []

    const transaction: Transaction = {
      lane(key) {
        const known = lanes.get(key)
        if (known !== undefined) return known
        const name = formatLaneKey(key)
        let lane = newLanes.get(name)
        if (lane === undefined) {
          lane = newLane(lanes.nextId() + newLanes.size, key)
          newLanes.set(name, lane)
          insertLane.run(lane.id, name)
        }
        return lane
      },

      add(lane, sum, count) {
        let sums = added.get(lane)
        if (sums === undefined) added.set(lane, (sums = newLane(0, lane.key).sums))
        sums[sum] += count
      },

      afterCommit: (change) => changes.push(change),
    }

    begin.run()
    let result
    try {
      result = work(transaction)
      for (const [lane, sums] of added) addSums.run(...SUMS.map((sum) => sums[sum]), lane.id)
      commit.run()
    } catch (error) {
      undo()
      throw error
    }

    for (const lane of newLanes.values()) lanes.add(lane)
    for (const [lane, sums] of added) for (const sum of SUMS) lane.sums[sum] += sums[sum]
    for (const change of changes) change()
    return result
  }

  function undo(): void {
    try {
      rollback.run()
    } catch {
      // Some failures (disk full, I/O) have rolled back already: SQLite then says that no transaction is active.
    }
  }
}
