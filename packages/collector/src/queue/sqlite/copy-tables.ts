/** The rows of a damaged file, as far as they can be read and are what was written, and books that balance again. */
import type { ChunkRow } from './chunk.js'
import { chunkRow, decodeChunk, isIntact } from './chunk.js'
import type { Database, Row } from './driver.js'
import type { Lane, Lanes } from './lanes.js'
import { formatLaneKey, gapOf, laneOf, lettersOf, loadLanes, newLane } from './lanes.js'
import { readableRows } from './readable-rows.js'
import { SUMS } from './schema.js'
import type { LaneKey } from '../queue.js'

export interface Copied {
  savedEvents: number
  /** Counted in the file, but not to be read. */
  lostEvents: number
}

/** What is really there of a lane. */
interface Found {
  events: number
  letters: number
}

export function copyTables(source: Database, target: Database): Copied {
  target.exec('BEGIN')
  const lanes = loadLanes(target)
  for (const row of readableRows(source, 'lane')) readLane(lanes, row)
  const found = new Map<Lane, Found>()

  copyChunks(source, target, (key) => foundIn(lanes, found, key))
  copyLetters(source, target, (key) => foundIn(lanes, found, key))
  copySeen(source, target)

  let lostEvents = 0
  for (const lane of lanes.all()) lostEvents += balance(lane, found.get(lane) ?? { events: 0, letters: 0 })
  writeLanes(target, lanes)
  target.exec('COMMIT')
  return { savedEvents: [...found.values()].reduce((sum, { events }) => sum + events, 0), lostEvents }
}

type Find = (key: LaneKey) => { lane: Lane; found: Found }

function foundIn(lanes: Lanes, all: Map<Lane, Found>, key: LaneKey): ReturnType<Find> {
  let lane = lanes.get(key)
  if (lane === undefined) lanes.add((lane = newLane(lanes.nextId(), key)))
  let found = all.get(lane)
  if (found === undefined) all.set(lane, (found = { events: 0, letters: 0 }))
  return { lane, found }
}

/** A lane's row, if it makes sense. What is counted anew starts from nothing. */
function readLane(lanes: Lanes, row: Row): void {
  const lane = attempt(() => laneOf(row))
  if (lane === undefined || SUMS.some((sum) => !Number.isSafeInteger(lane.sums[sum]) || lane.sums[sum] < 0)) return
  Object.assign(lane.sums, { waiting: 0, waiting_bytes: 0, letter_bytes: 0 })
  lanes.add(lane)
}

function copyChunks(source: Database, target: Database, find: Find): void {
  const insert = target.prepare(
    'INSERT INTO chunk (id, lane, events, bytes, received_at, crc, facts, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  )
  for (const row of readableRows(source, 'chunk')) {
    const chunk = intactChunk(row)
    const key = chunk && attempt(() => decodeChunk(chunk).lane)
    if (key === undefined || chunk === undefined) continue
    const { lane, found } = find(key)
    const { events, bytes, receivedAtMs, crc, facts, body } = chunk
    insert.run(row['id'] as number, lane.id, events, bytes, receivedAtMs, crc, facts, body)
    found.events += events
    lane.sums.waiting += events
    lane.sums.waiting_bytes += bytes
  }
}

function intactChunk(row: Row): ChunkRow | undefined {
  const chunk = chunkRow(row)
  return typeof chunk.facts === 'string' && typeof chunk.body === 'string' && isIntact(chunk) ? chunk : undefined
}

function copyLetters(source: Database, target: Database, find: Find): void {
  const insert = target.prepare(
    'INSERT INTO letter (id, pixel_id, cause, died_at, facts, body) VALUES (?, ?, ?, ?, ?, ?)',
  )
  for (const row of readableRows(source, 'letter')) {
    const key = attempt(() => (JSON.parse(row['facts'] as string) as { lane: LaneKey }).lane)
    if (typeof key?.pixelId !== 'string') continue
    const { lane, found } = find(key)
    insert.run(...['id', 'pixel_id', 'cause', 'died_at', 'facts', 'body'].map((column) => row[column] ?? null))
    found.letters++
    lane.sums.letter_bytes += Buffer.byteLength(row['facts'] as string) + Buffer.byteLength(row['body'] as string)
  }
}

function copySeen(source: Database, target: Database): void {
  const insert = target.prepare('INSERT INTO seen (id, bucket, hashes) VALUES (?, ?, ?)')
  for (const row of readableRows(source, 'seen')) {
    if (row['hashes'] instanceof Uint8Array) insert.run(row['id'] as number, row['bucket'] as number, row['hashes'])
  }
}

/** Makes a lane's sums fit what was found. @returns how many events are missing */
function balance({ sums }: Lane, { letters }: Found): number {
  const missingLetters = lettersOf(sums) - letters
  if (missingLetters > 0) sums.letters_dropped += missingLetters
  else sums.dead -= missingLetters

  const missing = gapOf(sums)
  if (missing <= 0) {
    sums.received -= missing
    return 0
  }
  sums.dead += missing
  sums.letters_dropped += missing
  return missing
}

function writeLanes(target: Database, lanes: Lanes): void {
  const insert = target.prepare(
    `INSERT INTO lane (id, key, hold, ${SUMS.join(', ')}) VALUES (?, ?, ?, ${SUMS.map(() => '?').join(', ')})`,
  )
  for (const { id, key, hold, sums } of lanes.all()) {
    const holdText = hold === undefined ? null : JSON.stringify(hold)
    insert.run(id, formatLaneKey(key), holdText, ...SUMS.map((sum) => sums[sum]))
  }
}

function attempt<Value>(read: () => Value): Value | undefined {
  try {
    return read()
  } catch {
    // What cannot be read is not there; the caller counts it.
    return undefined
  }
}
