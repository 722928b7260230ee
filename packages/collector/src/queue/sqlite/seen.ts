/**
 * Which events were received in the last 48 hours, so that a copy is recognised.
 *
 * An event is remembered as the first 64 bits of a SHA-256 of (pixel, event_name, event_id): among ten million ids the chance
 * that a new one is taken for a known one is 1 in 10^12. Hashes lie in memory by half-days of arrival, and on disk as they
 * came: one small row a commit, written in the commit that stores the events. Every so often the small rows of a half-day
 * become one, so that starting reads few. A half-day that is over 48 hours old is forgotten as a whole.
 */
import { sha256 } from '../../sha256.js'
import type { LaneKey } from '../queue.js'
import { readAs } from './columns.js'
import type { Database } from './driver.js'
import type { HashSet } from './hash-set.js'
import { hashSet } from './hash-set.js'
import type { Transaction } from './transaction.js'

const HOUR_MS = 60 * 60 * 1000
const BUCKET_MS = 12 * HOUR_MS
/** The bucket an id came in may have begun 12 hours before it. */
const REMEMBERED_BUCKETS = (48 * HOUR_MS) / BUCKET_MS + 1

/**
 * So many ids fit into about 256 MB: 97 events a second around the clock. With more, the oldest half-day is forgotten before its
 * time; Meta's own deduplication remains.
 */
const MOST_IDS = 16 * 1024 * 1024

/** Small rows that become one. */
const FOLDED_ROWS = 256

export interface Seen {
  /** Collects the ids of one transaction. */
  during(transaction: Transaction, nowMs: number): SeenInTransaction
  /** Forgets what is older than 48 hours. */
  forgetOld(transaction: Transaction, nowMs: number): void
  readonly size: number
}

export interface SeenInTransaction {
  /** Whether the event came before, in an earlier transaction or in this one. From now on it has. */
  isKnown(lane: LaneKey, eventName: string, eventId: string): boolean
  /** Writes what came new. */
  write(): void
}

export const SEEN_COLUMNS = readAs({ id: 'INTEGER', bucket: 'INTEGER', hashes: 'BLOB' })

export function loadSeen(db: Database, mostIds = MOST_IDS): Seen {
  const select = db.prepare(`SELECT ${SEEN_COLUMNS} FROM seen WHERE seen.id > ? ORDER BY seen.id LIMIT 64`)
  const insert = db.prepare('INSERT INTO seen (id, bucket, hashes) VALUES (?, ?, ?)')
  const removeRows = db.prepare('DELETE FROM seen WHERE id BETWEEN ? AND ?')
  const removeBucket = db.prepare('DELETE FROM seen WHERE bucket = ?')

  const buckets = new Map<number, HashSet>()
  /** The newest rows of the newest bucket, not yet folded. */
  let loose: { bucket: number; firstId: number; rows: Uint8Array[] } = { bucket: -1, firstId: 0, rows: [] }
  let lastId = 0

  for (;;) {
    const rows = select.all(lastId)
    if (rows.length === 0) break
    for (const row of rows) {
      lastId = row['id'] as number
      remember(row['bucket'] as number, row['hashes'] as Uint8Array)
    }
  }

  function remember(bucket: number, hashes: Uint8Array): void {
    let set = buckets.get(bucket)
    if (set === undefined) buckets.set(bucket, (set = hashSet()))
    const view = new DataView(hashes.buffer, hashes.byteOffset, hashes.byteLength)
    for (let at = 0; at + 8 <= hashes.byteLength; at += 8) set.add(view.getUint32(at), view.getUint32(at + 4))
  }

  /** A bucket far ahead was written by a clock that went wrong. */
  const isOld = (bucket: number, newest: number) => Math.abs(newest - bucket) >= REMEMBERED_BUCKETS

  const size = () => [...buckets.values()].reduce((sum, set) => sum + set.size, 0)

  /** One more row; the loose ones become one when there are enough of them. */
  function writeRow(transaction: Transaction, bucket: number, hashes: Uint8Array): void {
    const id = lastId + 1
    const before = loose.bucket === bucket ? loose : { bucket, firstId: id, rows: [] }
    const rows = [...before.rows, hashes]
    const folds = rows.length >= FOLDED_ROWS
    if (folds) removeRows.run(before.firstId, lastId)
    insert.run(id, bucket, folds ? Buffer.concat(rows) : hashes)
    transaction.afterCommit(() => {
      lastId = id
      loose = folds ? { bucket, firstId: id + 1, rows: [] } : { ...before, rows }
      remember(bucket, hashes)
    })
  }

  return {
    get size() {
      return size()
    },

    during(transaction, nowMs) {
      const bucket = Math.floor(nowMs / BUCKET_MS)
      const remembered = [...buckets].filter(([other]) => !isOld(other, bucket)).map(([, set]) => set)
      const fresh = new Set<string>()

      return {
        isKnown({ pixelId }, eventName, eventId) {
          const hash = hashOf(pixelId, eventName, eventId)
          const [high, low] = [half(hash, 0), half(hash, 4)]
          if (fresh.has(hash) || remembered.some((set) => set.has(high, low))) return true
          fresh.add(hash)
          return false
        },

        write() {
          if (fresh.size > 0) writeRow(transaction, bucket, Buffer.from([...fresh].join(''), 'latin1'))
        },
      }
    },

    forgetOld(transaction, nowMs) {
      const newest = Math.floor(nowMs / BUCKET_MS)
      const oldestFirst = [...buckets.keys()].sort((one, other) => one - other)
      let ids = size()
      for (const bucket of oldestFirst) {
        if (!isOld(bucket, newest) && ids <= mostIds) continue
        ids -= buckets.get(bucket)?.size ?? 0
        removeBucket.run(bucket)
        transaction.afterCommit(() => void buckets.delete(bucket))
      }
    },
  }
}

/** Eight characters that stand for eight bytes. */
function hashOf(pixelId: string, eventName: string, eventId: string): string {
  return sha256(`${pixelId}\0${eventName.length}\0${eventName}${eventId}`, 'binary').slice(0, 8)
}

function half(hash: string, at: number): number {
  return (
    ((hash.charCodeAt(at) << 24) |
      (hash.charCodeAt(at + 1) << 16) |
      (hash.charCodeAt(at + 2) << 8) |
      hash.charCodeAt(at + 3)) >>>
    0
  )
}
