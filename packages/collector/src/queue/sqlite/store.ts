/**
 * Everything the queue does with its open file, one call after another. Knows nothing of threads, full disks or damage: what goes
 * wrong is thrown, and `keeper.ts` decides what that means.
 */
import type {
  DeadLetter,
  DeadLetterFilter,
  LaneHold,
  LaneKey,
  LaneStatus,
  LeaseLimit,
  PixelBooks,
  QueueStatus,
} from '../queue.js'
import type { Appended, FlatDrops, FlatEvents } from './append.js'
import { appending } from './append.js'
import { chunks as chunkTable } from './chunks.js'
import { DamageError } from './damage.js'
import type { Database } from './driver.js'
import type { FileSpace } from './file-space.js'
import { fileSpace } from './file-space.js'
import type { Lane } from './lanes.js'
import { gapOf, lettersOf, loadLanes } from './lanes.js'
import type { Leased } from './leases.js'
import { leases as openLeases } from './leases.js'
import { letters as letterTable } from './letters.js'
import { booksOf } from './pixel-books.js'
import { quarantining } from './quarantine.js'
import { retiring } from './retire-lanes.js'
import { loadSeen } from './seen.js'
import type { Fate } from './settle.js'
import { settling } from './settle.js'
import { transactions } from './transaction.js'

export interface Store extends FileSpace {
  append(events: FlatEvents, drops: FlatDrops, nowMs: number): Appended
  lease(key: LaneKey, limit: LeaseLimit, nowMs: number): { leaseId: number; leased: Leased } | undefined
  /** @returns whether events became free; `lost` when the lease is not known (any more) */
  settle(leaseId: number, fates: Fate | readonly Fate[], nowMs: number): 'freed' | 'gone' | 'lost'
  hold(key: LaneKey, hold: LaneHold | undefined): void
  lanes(): LaneStatus[]
  books(): PixelBooks[]
  status(): Omit<QueueStatus, 'maxBytes' | 'refusing'>
  listLetters(filter: DeadLetterFilter, page: { limit: number; after?: string }): DeadLetter[]
  replayLetters(filter: DeadLetterFilter, nowMs: number): { replayed: number; tooOld: number; lanes: LaneKey[] }
  dropLetters(filter: DeadLetterFilter): number
  /** One real commit. */
  probe(nowMs: number): void
  /** What is due now and then: forgetting old ids and letters. Short, and safe to leave out. */
  maintain(nowMs: number): void
  close(): void
}

export interface StoreOptions {
  maxBytes: number
  /** Leases are numbered from here on. */
  firstLeaseId: number
  /** Someone must look. */
  alarm: (code: string, message: string) => void
}

/** @throws DamageError when what the file says of itself does not fit together */
export function openStore(db: Database, { maxBytes, firstLeaseId, alarm }: StoreOptions): Store {
  const lanes = loadLanes(db)
  const seen = loadSeen(db)
  const transact = transactions(db, lanes)
  const chunks = chunkTable(db)
  const letters = letterTable(db, chunks, transact)
  const leases = openLeases(chunks, firstLeaseId)
  const append = appending(chunks, transact, seen)
  const settle = settling(chunks, leases, letters, transact)
  const quarantine = quarantining(chunks, letters, transact, alarm)
  const retire = retiring(db, lanes)
  const setHold = db.prepare('UPDATE lane SET hold = ? WHERE id = ?')
  const writeProbe = db.prepare('INSERT INTO probe (id, at) VALUES (1, ?) ON CONFLICT DO UPDATE SET at = excluded.at')
  const space = fileSpace(db)

  for (const lane of lanes.all()) {
    const holdsChunks = chunks.headers(lane, 0, 1).length > 0
    if (gapOf(lane.sums) !== 0 || holdsChunks !== lane.sums.waiting > 0) {
      throw new DamageError(`The books of lane ${JSON.stringify(lane.key)} do not balance.`)
    }
  }

  const sumOf = (sum: (lane: Lane) => number) => [...lanes.all()].reduce((total, lane) => total + sum(lane), 0)

  function lease(key: LaneKey, limit: LeaseLimit, nowMs: number): ReturnType<Store['lease']> {
    const lane = lanes.get(key)
    if (lane === undefined || lane.sums.waiting === lane.leased) return undefined
    for (;;) {
      const taken = leases.take(lane, limit)
      if (taken === 'none') throw new DamageError(`Lane ${JSON.stringify(key)} counts events that are not there.`)
      if (!('corrupt' in taken)) return { leaseId: taken.lease.id, leased: taken.leased }
      quarantine(lane, taken.corrupt, nowMs)
      if (lane.sums.waiting === lane.leased) return undefined
    }
  }

  return {
    append,
    lease,

    settle(leaseId, fates, nowMs) {
      const held = leases.get(leaseId)
      if (held === undefined) return 'lost'
      const before = held.lane.sums.waiting
      const events = held.parts.reduce((sum, part) => sum + part.events, 0)
      settle(held, fates, nowMs)
      return before - held.lane.sums.waiting < events ? 'freed' : 'gone'
    },

    hold(key, hold) {
      transact((transaction) => {
        const lane = transaction.lane(key)
        setHold.run(hold === undefined ? null : JSON.stringify(hold), lane.id)
        transaction.afterCommit(() => {
          if (hold === undefined) delete lane.hold
          else lane.hold = hold
        })
      })
    },

    lanes: () =>
      [...lanes.all()]
        .filter(({ sums, hold }) => sums.waiting > 0 || hold !== undefined)
        .map((lane) => {
          const oldestReceivedAtMs = chunks.oldestReceivedAtMs(lane)
          return {
            lane: lane.key,
            waitingEvents: lane.sums.waiting,
            waitingBytes: lane.sums.waiting_bytes,
            ...(oldestReceivedAtMs !== undefined && { oldestReceivedAtMs }),
            ...(lane.hold !== undefined && { hold: lane.hold }),
          }
        }),

    books: () => booksOf(lanes.all()),

    status() {
      const oldest = [...lanes.all()].flatMap((lane) => chunks.oldestReceivedAtMs(lane) ?? [])
      return {
        waitingEvents: sumOf(({ sums }) => sums.waiting),
        bytes: space.usedBytes(),
        deadLetters: sumOf(({ sums }) => lettersOf(sums)),
        ...(oldest.length > 0 && { oldestReceivedAtMs: Math.min(...oldest) }),
      }
    },

    listLetters: letters.list,
    replayLetters: letters.replay,
    dropLetters: letters.drop,

    probe: (nowMs) => transact(() => void writeProbe.run(nowMs)),

    maintain(nowMs) {
      transact((transaction) => {
        seen.forgetOld(transaction, nowMs)
        retire(transaction)
      })
      letters.bound(
        nowMs,
        sumOf(({ sums }) => sums.letter_bytes),
        maxBytes,
      )
    },

    ...space,

    close() {
      try {
        db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
      } catch {
        // No room, for example. What is acknowledged is in the log as safely as in the file; the next start reads both.
      }
      db.close()
    },
  }
}
