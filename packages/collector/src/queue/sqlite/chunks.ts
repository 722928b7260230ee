import type { Chunk, ChunkRow } from './chunk.js'
import { CHUNK_COLUMNS, chunkRow, encodeChunk } from './chunk.js'
import { readAs } from './columns.js'
import type { Database } from './driver.js'
import type { Lane } from './lanes.js'
import type { Transaction } from './transaction.js'

/** What can be said of a chunk without reading its texts. */
export interface ChunkHeader {
  id: number
  events: number
  bytes: number
}

/** The table of chunks. What changes it keeps the lane's count of waiting events and bytes. */
export interface Chunks {
  insert(transaction: Transaction, lane: Lane, chunk: Chunk): void
  /** The next chunks of a lane, oldest first. */
  headers(lane: Lane, fromId: number, most: number): ChunkHeader[]
  read(id: number): ChunkRow | undefined
  /** Replaces a chunk by what is left of it. */
  rewrite(transaction: Transaction, lane: Lane, id: number, before: ChunkRow, chunk: Chunk): void
  /** Deletes all chunks of the lane between two, these included. The caller knows what that is in sum. */
  remove(transaction: Transaction, lane: Lane, range: ChunkRange): void
  oldestReceivedAtMs(lane: Lane): number | undefined
}

/** Chunks of one lane that follow each other. */
export interface ChunkRange {
  firstId: number
  lastId: number
  events: number
  bytes: number
}

const HEADER_COLUMNS = readAs({ id: 'INTEGER', events: 'INTEGER', bytes: 'INTEGER' })

export function chunks(db: Database): Chunks {
  const insert = db.prepare(
    'INSERT INTO chunk (id, lane, events, bytes, received_at, crc, facts, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const headers = db.prepare(
    `SELECT ${HEADER_COLUMNS} FROM chunk WHERE lane = ? AND chunk.id >= ? ORDER BY chunk.id LIMIT ?`,
  )
  const read = db.prepare(`SELECT ${CHUNK_COLUMNS} FROM chunk WHERE id = ?`)
  const update = db.prepare('UPDATE chunk SET events = ?, bytes = ?, crc = ?, facts = ?, body = ? WHERE id = ?')
  const remove = db.prepare('DELETE FROM chunk WHERE lane = ? AND id BETWEEN ? AND ?')
  const oldest = db.prepare(
    `SELECT ${readAs({ received_at: 'INTEGER' })} FROM chunk WHERE lane = ? ORDER BY chunk.id LIMIT 1`,
  )
  let lastId = (db.prepare('SELECT max(id) AS id FROM chunk').get()?.['id'] ?? 0) as number

  function count(transaction: Transaction, lane: Lane, events: number, bytes: number): void {
    transaction.add(lane, 'waiting', events)
    transaction.add(lane, 'waiting_bytes', bytes)
  }

  return {
    insert(transaction, lane, chunk) {
      const { events, bytes, receivedAtMs, crc, facts, body } = encodeChunk(chunk)
      insert.run(++lastId, lane.id, events, bytes, receivedAtMs, crc, facts, body)
      count(transaction, lane, events, bytes)
    },

    headers: (lane, fromId, most) => headers.all(lane.id, fromId, most) as unknown as ChunkHeader[],

    read(id) {
      const row = read.get(id)
      return row && chunkRow(row)
    },

    rewrite(transaction, lane, id, before, chunk) {
      const { events, bytes, crc, facts, body } = encodeChunk(chunk)
      update.run(events, bytes, crc, facts, body, id)
      count(transaction, lane, events - before.events, bytes - before.bytes)
    },

    remove(transaction, lane, { firstId, lastId: last, events, bytes }) {
      remove.run(lane.id, firstId, last)
      count(transaction, lane, -events, -bytes)
    },

    oldestReceivedAtMs: (lane) => oldest.get(lane.id)?.['received_at'] as number | undefined,
  }
}
