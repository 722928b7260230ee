/**
 * A chunk: events of one lane that came in one commit, in one row.
 *
 * Two texts: `body` has the events' JSON, one a line; `facts` has what must be known about them without parsing it, in one flat
 * JSON array (flat arrays are the fastest for V8 to read): pixel id, test event code, then six entries per event. The sum
 * (`crc`) covers both and the row's numbers, so no flipped bit in a file sends anything to Meta, or to another's pixel.
 */
import type { LaneKey } from '../queue.js'
import { crc32 } from './crc32.js'
import type { Row } from './driver.js'
import { readAs, textOf } from './columns.js'

/** Eight full chunks make the 1,000 events that Meta takes in one request. */
export const MOST_CHUNK_EVENTS = 125
export const MOST_CHUNK_CHARACTERS = 128 * 1024

export type FactEntries = (string | number | null)[]
/** Where the entries of the first event begin, after the lane's. */
export const FIRST_EVENT = 2
export const ENTRIES_PER_FACT = 6

export interface StoredEvent {
  /** Its place in the chunk when that was written; stays when others leave. With the chunk's id it names the event. */
  index: number
  eventName: string
  eventId: string | null
  eventTimeMs: number
  deadlineMs: number
  /** 0: never. */
  ambiguousSinceMs: number
}

export interface Chunk {
  lane: LaneKey
  receivedAtMs: number
  events: StoredEvent[]
  /** For each event, in the same order. */
  json: string[]
}

/** A row of the table, as it is written and read. */
export interface ChunkRow {
  events: number
  /** UTF-8 bytes of the events' JSON. */
  bytes: number
  receivedAtMs: number
  crc: number
  facts: Uint8Array
  body: Uint8Array
}

export const CHUNK_COLUMNS = readAs({
  id: 'INTEGER',
  events: 'INTEGER',
  bytes: 'INTEGER',
  received_at: 'INTEGER',
  crc: 'INTEGER',
  facts: 'BLOB',
  body: 'BLOB',
})

export function encodeChunk({ lane, receivedAtMs, events, json }: Chunk): ChunkRow {
  const body = Buffer.from(json.join('\n'))
  const row = {
    events: events.length,
    bytes: body.length - (events.length - 1),
    receivedAtMs,
    facts: Buffer.from(formatFacts(lane, events)),
    body,
  }
  return { ...row, crc: sumOf(row) }
}

function formatFacts(lane: LaneKey, events: readonly StoredEvent[]): string {
  const facts: (string | number | null)[] = [lane.pixelId, lane.testEventCode ?? null]
  for (const { index, eventName, eventId, eventTimeMs, deadlineMs, ambiguousSinceMs } of events) {
    facts.push(index, eventName, eventId, eventTimeMs, deadlineMs, ambiguousSinceMs)
  }
  return JSON.stringify(facts)
}

export function chunkRow(row: Row): ChunkRow {
  return {
    events: row['events'] as number,
    bytes: row['bytes'] as number,
    receivedAtMs: row['received_at'] as number,
    crc: row['crc'] as number,
    facts: row['facts'] as Uint8Array,
    body: row['body'] as Uint8Array,
  }
}

/** Whether the row is what was written. */
export const isIntact = (row: ChunkRow) => row.crc === sumOf(row)

/** Only of an intact row. */
export function decodeChunk({ facts, body, receivedAtMs }: ChunkRow): Chunk {
  return { ...parseFacts(textOf(facts)), receivedAtMs, json: textOf(body).split('\n') }
}

/** What `facts` says. */
function parseFacts(facts: string): { lane: LaneKey; events: StoredEvent[] } {
  const entries = parseEntries(facts)
  const pixelId = entries[0] as string
  const testEventCode = entries[1] as string | null
  const events: StoredEvent[] = []
  for (let at = FIRST_EVENT; at < entries.length; at += ENTRIES_PER_FACT) events.push(storedEvent(entries, at))
  return { lane: testEventCode === null ? { pixelId } : { pixelId, testEventCode }, events }
}

/** `facts` as it lies there, for who reads it event by event. */
export const parseEntries = (facts: string): FactEntries => JSON.parse(facts) as FactEntries

/** The event whose entries begin at a place. */
export const storedEvent = (entries: FactEntries, at: number): StoredEvent => ({
  index: entries[at] as number,
  eventName: entries[at + 1] as string,
  eventId: entries[at + 2] as string | null,
  eventTimeMs: entries[at + 3] as number,
  deadlineMs: entries[at + 4] as number,
  ambiguousSinceMs: entries[at + 5] as number,
})

function sumOf({ events, bytes, receivedAtMs, facts, body }: Omit<ChunkRow, 'crc'>): number {
  return crc32(body, crc32(facts, crc32(`${events},${bytes},${receivedAtMs}`)))
}
