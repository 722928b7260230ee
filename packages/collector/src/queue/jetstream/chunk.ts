/** A chunk: the events of one pixel that came with one commit, as one message, by lanes. What is in it a node knows without its texts. */
import type { DropReason } from '../queue.js'
import type { ChunkFacts } from './messages.js'
import { fromRanges } from './ranges.js'

/** What waits of one lane in one chunk. */
export interface Part {
  testEventCode: string
  events: number
  bytes: number
  left: number
  /** `undefined`: all events of the chunk. */
  indexes?: Set<number>
}

export interface Chunk {
  version: number
  seq: number
  receivedAtMs: number
  events: number
  parts: Part[]
  drops: Partial<Record<DropReason, number>>
  replays: [letterSeq: number, indexes: string][]
  hashes: string
}

/** As its message says; what belongs to no test lane is the main lane's. */
export function chunkOf(seq: number, facts: ChunkFacts): Chunk {
  const { version, receivedAtMs, events, bytes, tests = [], drops = {}, replays = [], hashes } = facts
  const parts = tests.map(([testEventCode, ranges, own]): Part => {
    const indexes = fromRanges(ranges)
    return { testEventCode, events: indexes.size, left: indexes.size, bytes: own, indexes }
  })
  const rest = events - parts.reduce((total, part) => total + part.events, 0)
  if (rest > 0) {
    const tested = new Set(parts.flatMap(({ indexes }) => [...(indexes ?? [])]))
    const own = bytes - parts.reduce((total, part) => total + part.bytes, 0)
    const indexes = Array.from({ length: events }, (_, index) => index).filter((index) => !tested.has(index))
    parts.push({
      testEventCode: '',
      events: rest,
      left: rest,
      bytes: own,
      ...(parts.length > 0 && { indexes: new Set(indexes) }),
    })
  }
  return { version, seq, receivedAtMs, events, parts, drops, replays, hashes }
}

/** How many of these events are the part's. */
export function countIn(events: ReadonlySet<number>, { indexes }: Part): number {
  if (indexes === undefined) return events.size
  let count = 0
  for (const index of events) if (indexes.has(index)) count++
  return count
}
