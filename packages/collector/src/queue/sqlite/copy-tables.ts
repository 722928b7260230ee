/** The rows of a damaged file, as far as they can be read and are what was written, and books that balance again. */
import type { DeadLetter, LaneKey } from '../queue.js'
import { CHUNK_COLUMNS, chunkRow, decodeChunk, isIntact } from './chunk.js'
import { textOf } from './columns.js'
import type { Database, Row } from './driver.js'
import type { Lane, Lanes } from './lanes.js'
import { formatLaneKey, gapOf, LANE_COLUMNS, laneOf, lettersOf, loadLanes, newLane } from './lanes.js'
import { LETTER_COLUMNS } from './letters.js'
import { readableRows } from './readable-rows.js'
import { SUMS } from './schema.js'
import { SEEN_COLUMNS } from './seen.js'

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
  for (const row of readableRows(source, 'lane', LANE_COLUMNS)) readLane(lanes, row)
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
  if (lane === undefined) return
  Object.assign(lane.sums, { waiting: 0, waiting_bytes: 0, letter_bytes: 0 })
  lanes.add(lane)
}

function copyChunks(source: Database, target: Database, find: Find): void {
  const insert = target.prepare(
    'INSERT INTO chunk (id, lane, events, bytes, received_at, crc, facts, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  )
  for (const row of readableRows(source, 'chunk', CHUNK_COLUMNS)) {
    const chunk = chunkRow(row)
    if (!isIntact(chunk)) continue
    const { lane, found } = find(decodeChunk(chunk).lane)
    const { events, bytes, receivedAtMs, crc, facts, body } = chunk
    insert.run(row['id'] as number, lane.id, events, bytes, receivedAtMs, crc, facts, body)
    found.events += events
    lane.sums.waiting += events
    lane.sums.waiting_bytes += bytes
  }
}

function copyLetters(source: Database, target: Database, find: Find): void {
  const insert = target.prepare(
    'INSERT INTO letter (id, pixel_id, cause, died_at, facts, body) VALUES (?, ?, ?, ?, ?, ?)',
  )
  for (const row of readableRows(source, 'letter', LETTER_COLUMNS)) {
    const [facts, body] = [textOf(row['facts']), textOf(row['body'])]
    const letter = attempt(() => JSON.parse(facts) as Partial<DeadLetter>)
    if (typeof letter?.lane?.pixelId !== 'string' || typeof letter.reason?.cause !== 'string') continue
    const { lane, found } = find(letter.lane)
    insert.run(row['id'] as number, letter.lane.pixelId, letter.reason.cause, row['died_at'] as number, facts, body)
    found.letters++
    lane.sums.letter_bytes += Buffer.byteLength(facts) + Buffer.byteLength(body)
  }
}

function copySeen(source: Database, target: Database): void {
  const insert = target.prepare('INSERT INTO seen (id, bucket, hashes) VALUES (?, ?, ?)')
  for (const row of readableRows(source, 'seen', SEEN_COLUMNS)) {
    const hashes = row['hashes'] as Uint8Array
    // Damaged to nothing: `node:sqlite` would bind as NULL the empty bytes that it has read.
    if (hashes.length > 0) insert.run(row['id'] as number, row['bucket'] as number, hashes)
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
