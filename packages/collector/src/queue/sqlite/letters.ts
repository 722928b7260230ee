/** The table of dead letters: listed, put back, deleted, and bounded. */
import type { DeadLetter, DeadLetterFilter, DeathReason, LaneKey } from '../queue.js'
import type { StoredEvent } from './chunk.js'
import { MOST_CHUNK_EVENTS } from './chunk.js'
import { readAs, textOf } from './columns.js'
import type { Chunks } from './chunks.js'
import type { Database, Row, Value } from './driver.js'
import { formatLaneKey, parseLaneKey } from './lanes.js'
import type { Transact, Transaction } from './transaction.js'

/** Letters are kept so long; who has not looked by then will not. */
const KEPT_MS = 30 * 24 * 60 * 60 * 1000
/** Letters may fill this part of the queue's bound; then the oldest go. */
const MOST_SHARE = 0.2
/** How many are read or deleted at a time. */
const PAGE = 500

export interface Death {
  lane: LaneKey
  kind: 'dead' | 'expired'
  event: StoredEvent
  receivedAtMs: number
  diedAtMs: number
  reason: DeathReason
  json: string
}

export interface Letters {
  insert: (transaction: Transaction, death: Death) => void
  list: (filter: DeadLetterFilter, page: { limit: number; after?: string }) => DeadLetter[]
  replay: (filter: DeadLetterFilter, nowMs: number) => { replayed: number; tooOld: number; lanes: LaneKey[] }
  drop: (filter: DeadLetterFilter) => number
  /** Deletes what is too old, and the oldest of what is too much. */
  bound: (nowMs: number, bytes: number, maxBytes: number) => void
}

export const LETTER_COLUMNS = readAs({ id: 'INTEGER', died_at: 'INTEGER', facts: 'BLOB', body: 'BLOB' })

/** What a letter's `facts` hold. */
type Facts = Omit<DeadLetter, 'id' | 'json'> & { deadlineMs: number }

export function letters(db: Database, chunks: Chunks, transact: Transact): Letters {
  const insert = db.prepare('INSERT INTO letter (id, pixel_id, cause, died_at, facts, body) VALUES (?, ?, ?, ?, ?, ?)')
  const remove = db.prepare('DELETE FROM letter WHERE id = ?')
  const oldest = db.prepare(`SELECT ${LETTER_COLUMNS} FROM letter ORDER BY letter.id LIMIT ?`)
  let lastId = (db.prepare('SELECT max(id) AS id FROM letter').get()?.['id'] ?? 0) as number

  function select(filter: DeadLetterFilter, order: 'ASC' | 'DESC', beyondId: number, limit: number): Row[] {
    const { sql, values } = conditionOf(filter)
    const beyond = order === 'ASC' ? 'id > ?' : 'id < ?'
    return db
      .prepare(`SELECT ${LETTER_COLUMNS} FROM letter WHERE ${beyond} AND ${sql} ORDER BY letter.id ${order} LIMIT ?`)
      .all(beyondId, ...values, limit)
  }

  function removeRow(transaction: Transaction, row: Row, as: 'letters_dropped' | 'replayed'): void {
    remove.run(row['id'] as number)
    const lane = transaction.lane(factsOf(row).lane)
    transaction.add(lane, as, 1)
    transaction.add(lane, 'letter_bytes', -bytesOf(row))
  }

  /** All letters the filter means, page by page, so that a long list needs little memory and stalls nothing for long. */
  function* pages(filter: DeadLetterFilter): Generator<Row[]> {
    for (let after = 0; ;) {
      const rows = select(filter, 'ASC', after, PAGE)
      const last = rows.at(-1)
      if (last === undefined) return
      yield rows
      after = last['id'] as number
    }
  }

  return {
    insert(transaction, { lane: key, kind, event, receivedAtMs, diedAtMs, reason, json }) {
      const { eventName, eventId, eventTimeMs, deadlineMs } = event
      const facts: Facts = {
        lane: key,
        kind,
        eventName,
        ...(eventId !== null && { eventId }),
        eventTimeMs,
        deadlineMs,
        receivedAtMs,
        diedAtMs,
        reason,
      }
      const text = JSON.stringify(facts)
      insert.run(++lastId, key.pixelId, reason.cause, diedAtMs, text, json)
      const lane = transaction.lane(key)
      transaction.add(lane, kind, 1)
      transaction.add(lane, 'letter_bytes', Buffer.byteLength(text) + Buffer.byteLength(json))
    },

    list: (filter, { limit, after }) =>
      select(filter, 'DESC', after === undefined ? Number.MAX_SAFE_INTEGER : Number(after), limit).map(letterOf),

    replay(filter, nowMs) {
      const lanes = new Map<string, LaneKey>()
      let replayed = 0
      let tooOld = 0
      for (const rows of pages(filter)) {
        const inTime = rows.filter((row) => factsOf(row).deadlineMs > nowMs)
        tooOld += rows.length - inTime.length
        replayed += inTime.length
        transact((transaction) => {
          for (const row of inTime) removeRow(transaction, row, 'replayed')
          for (const [name, ofLane] of byLane(inTime)) {
            const key = parseLaneKey(name)
            lanes.set(name, key)
            putBack(transaction, key, ofLane, nowMs)
          }
        })
      }
      return { replayed, tooOld, lanes: [...lanes.values()] }
    },

    drop(filter) {
      let dropped = 0
      for (const rows of pages(filter)) {
        transact((transaction) => rows.forEach((row) => removeRow(transaction, row, 'letters_dropped')))
        dropped += rows.length
      }
      return dropped
    },

    bound(nowMs, bytes, maxBytes) {
      let excess = bytes - maxBytes * MOST_SHARE
      for (;;) {
        const tooMany: Row[] = []
        for (const row of oldest.all(PAGE)) {
          if (excess <= 0 && (row['died_at'] as number) > nowMs - KEPT_MS) break
          tooMany.push(row)
          excess -= bytesOf(row)
        }
        if (tooMany.length === 0) return
        transact((transaction) => tooMany.forEach((row) => removeRow(transaction, row, 'letters_dropped')))
      }
    },
  }

  function putBack(transaction: Transaction, key: LaneKey, rows: readonly Row[], nowMs: number): void {
    const lane = transaction.lane(key)
    transaction.add(lane, 'received', rows.length)
    for (let at = 0; at < rows.length; at += MOST_CHUNK_EVENTS) {
      const some = rows.slice(at, at + MOST_CHUNK_EVENTS)
      chunks.insert(transaction, lane, {
        lane: key,
        receivedAtMs: nowMs,
        events: some.map((row, index) => {
          const { eventName, eventId = null, eventTimeMs, deadlineMs } = factsOf(row)
          return { index, eventName, eventId, eventTimeMs, deadlineMs, ambiguousSinceMs: 0 }
        }),
        json: some.map((row) => textOf(row['body'])),
      })
    }
  }
}

const factsOf = (row: Row) => JSON.parse(textOf(row['facts'])) as Facts

const bytesOf = (row: Row) => (row['facts'] as Uint8Array).length + (row['body'] as Uint8Array).length

function byLane(rows: readonly Row[]): Map<string, Row[]> {
  const lanes = new Map<string, Row[]>()
  for (const row of rows) {
    const name = formatLaneKey(factsOf(row).lane)
    lanes.set(name, [...(lanes.get(name) ?? []), row])
  }
  return lanes
}

function letterOf(row: Row): DeadLetter {
  const { deadlineMs: _, ...facts } = factsOf(row)
  return { id: String(row['id']), ...facts, json: textOf(row['body']) }
}

/** A filter as SQL: the fields that are set. */
function conditionOf({ pixelId, cause, ids, sinceMs }: DeadLetterFilter): { sql: string; values: Value[] } {
  const conditions: [sql: string, values: Value[]][] = []
  if (pixelId !== undefined) conditions.push(['pixel_id = ?', [pixelId]])
  if (cause !== undefined) conditions.push(['cause = ?', [cause]])
  if (sinceMs !== undefined) conditions.push(['died_at >= ?', [sinceMs]])
  if (ids !== undefined) conditions.push(['id IN (SELECT value FROM json_each(?))', [JSON.stringify(ids.map(Number))]])
  return {
    sql: conditions.map(([sql]) => sql).join(' AND ') || 'TRUE',
    values: conditions.flatMap(([, values]) => values),
  }
}
