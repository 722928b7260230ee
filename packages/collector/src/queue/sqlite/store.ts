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
import { MOST_CHUNK_EVENTS } from './chunk.js'
import type { ChunkHeader } from './chunks.js'
import { chunks as chunkTable } from './chunks.js'
import { textOf } from './columns.js'
import { DamageError } from './damage.js'
import type { Database } from './driver.js'
import type { Lane } from './lanes.js'
import { gapOf, lettersOf, loadLanes } from './lanes.js'
import type { Leased } from './leases.js'
import { leases as openLeases } from './leases.js'
import { letters as letterTable } from './letters.js'
import { pragma } from './schema.js'
import { loadSeen } from './seen.js'
import type { Fate } from './settle.js'
import { settling } from './settle.js'
import type { Transaction } from './transaction.js'
import { transactions } from './transaction.js'

export interface Store {
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
  /**
   * Makes the file smaller after a great backlog has left. Takes time by what is still in it, not by what was: a quarter of a
   * second where a gigabyte was drained. Fails without harm when there is no room for it.
   */
  giveBack(): void
  /** Gives back up to so much of what is free in the file, with as good as no room of its own: for a disk that is full. */
  shrink(bytes: number): void
  /** Bytes that the contents take in the file; pages that are free for reuse are not counted. */
  usedBytes(): number
  close(): void
}

export interface StoreOptions {
  maxBytes: number
  /** Leases are numbered from here on. */
  firstLeaseId: number
  /** Someone must look. */
  alarm: (code: string, message: string) => void
}

/** From so much free space in the file on, 64 MB, it is worth giving back to the disk; and only when little else is in it. */
const GIVEN_BACK_BYTES = 64 * 1024 * 1024
const GIVEN_BACK_SHARE = 8

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
  const setHold = db.prepare('UPDATE lane SET hold = ? WHERE id = ?')
  const deleteLane = db.prepare('DELETE FROM lane WHERE id = ?')
  const writeProbe = db.prepare('INSERT INTO probe (id, at) VALUES (1, ?) ON CONFLICT DO UPDATE SET at = excluded.at')
  const pageBytes = pragma(db, 'page_size')
  const countPages = db.prepare('PRAGMA page_count')
  const countFreePages = db.prepare('PRAGMA freelist_count')

  for (const lane of lanes.all()) {
    const holdsChunks = chunks.headers(lane, 0, 1).length > 0
    if (gapOf(lane.sums) !== 0 || holdsChunks !== lane.sums.waiting > 0) {
      throw new DamageError(`The books of lane ${JSON.stringify(lane.key)} do not balance.`)
    }
  }

  const pages = () => countPages.get()?.['page_count'] as number
  const usedBytes = () => (pages() - freePages()) * pageBytes
  const freePages = () => countFreePages.get()?.['freelist_count'] as number
  const sumOf = (sum: (lane: Lane) => number) => [...lanes.all()].reduce((total, lane) => total + sum(lane), 0)

  /** A chunk that is not what was written never leaves; it becomes one dead letter, and its events count as dead. */
  function quarantine(lane: Lane, { id, events, bytes }: ChunkHeader, nowMs: number): void {
    if (events < 1 || events > MOST_CHUNK_EVENTS) throw new DamageError(`Chunk ${id} cannot hold ${events} events.`)
    const row = chunks.read(id)
    const message = `A chunk of ${events} events is not what was written. None of them was sent.`
    transact((transaction) => {
      chunks.remove(transaction, lane, { firstId: id, lastId: id, events, bytes })
      letters.insert(transaction, {
        lane: lane.key,
        kind: 'dead',
        // The deadline has passed: what is corrupt is never replayed.
        event: { index: 0, eventName: '', eventId: null, eventTimeMs: 0, deadlineMs: 0, ambiguousSinceMs: 0 },
        receivedAtMs: row?.receivedAtMs ?? 0,
        diedAtMs: nowMs,
        reason: { cause: 'corrupt', message },
        json: row === undefined ? '' : textOf(row.body),
      })
      transaction.add(lane, 'dead', events - 1)
      transaction.add(lane, 'letters_dropped', events - 1)
    })
    alarm('queue_damaged', message)
  }

  /** A lane of a test code that holds nothing any more: its sums go to the pixel's own lane. */
  function retire(transaction: Transaction, lane: Lane): void {
    const heir = transaction.lane({ pixelId: lane.key.pixelId })
    for (const [sum, count] of Object.entries(lane.sums)) transaction.add(heir, sum as keyof Lane['sums'], count)
    deleteLane.run(lane.id)
    transaction.afterCommit(() => lanes.remove(lane))
  }

  /** Its letters would be taken from it when they go: as long as there are any, it stays. */
  const isRetired = ({ key, sums, hold }: Lane) =>
    key.testEventCode !== undefined && sums.waiting === 0 && hold === undefined && lettersOf(sums) === 0

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

    books() {
      const books = new Map<string, PixelBooks>()
      for (const { key, sums } of lanes.all())
        books.set(key.pixelId, withSums(books.get(key.pixelId), key.pixelId, sums))
      return [...books.values()]
    },

    status() {
      const oldest = [...lanes.all()].flatMap((lane) => chunks.oldestReceivedAtMs(lane) ?? [])
      return {
        waitingEvents: sumOf(({ sums }) => sums.waiting),
        bytes: usedBytes(),
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
        for (const lane of [...lanes.all()].filter(isRetired)) retire(transaction, lane)
      })
      letters.bound(
        nowMs,
        sumOf(({ sums }) => sums.letter_bytes),
        maxBytes,
      )
    },

    giveBack() {
      const freeBytes = freePages() * pageBytes
      if (freeBytes > GIVEN_BACK_BYTES && freeBytes > GIVEN_BACK_SHARE * usedBytes()) db.exec('VACUUM')
    },

    shrink(bytes) {
      db.exec(`PRAGMA incremental_vacuum(${Math.ceil(bytes / pageBytes)})`)
      // Only a checkpoint makes the file itself shorter.
      db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    },

    usedBytes,

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

/** One lane's sums added to its pixel's page. */
function withSums(page: PixelBooks | undefined, pixelId: string, sums: Lane['sums']): PixelBooks {
  const dropped: PixelBooks['dropped'] = { ...page?.dropped }
  for (const reason of ['duplicate', 'bot', 'prefetch', 'vetoed', 'purged'] as const) {
    if (sums[reason] > 0) dropped[reason] = (dropped[reason] ?? 0) + sums[reason]
  }
  return {
    pixelId,
    received: (page?.received ?? 0) + sums.received,
    delivered: (page?.delivered ?? 0) + sums.delivered,
    dead: (page?.dead ?? 0) + sums.dead,
    expired: (page?.expired ?? 0) + sums.expired,
    dropped,
    waiting: (page?.waiting ?? 0) + sums.waiting,
    replayed: (page?.replayed ?? 0) + sums.replayed,
    lettersDropped: (page?.lettersDropped ?? 0) + sums.letters_dropped,
  }
}
