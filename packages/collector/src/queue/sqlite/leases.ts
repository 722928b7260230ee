/**
 * Leases: which events are out for sending. Only in memory, so that a crash offers them again.
 *
 * Chunks are taken whole, as many as fit, and settled whole: then no row is read twice and a thousand delivered events are one
 * DELETE. Only where the limit is smaller than the first chunk (a probe with one event) a part is taken.
 */
import type { LeaseLimit } from '../queue.js'
import type { Texts } from '../texts.js'
import { textsOfLines } from '../texts.js'
import type { Chunk } from './chunk.js'
import { decodeChunk, encodeChunk, isIntact } from './chunk.js'
import type { ChunkHeader, Chunks } from './chunks.js'
import { textOf } from './columns.js'
import type { Lane } from './lanes.js'

/** What a lease holds of one chunk. */
export interface Part {
  id: number
  events: number
  bytes: number
  /** The events' places in the chunk; all of them if missing. */
  indexes?: ReadonlySet<number>
  /** No chunk of the lane lies between the part before and this one. */
  follows: boolean
}

export interface StoredLease {
  id: number
  lane: Lane
  parts: Part[]
}

/** What is leased, as it goes to the relay's thread: few objects and few strings, for each costs a copy. */
export interface Leased {
  /** For each part what is known of its events, as JSON, which is read there. */
  facts: readonly (readonly [chunkId: number, receivedAtMs: number, facts: string])[]
  /** The events' texts, in the same order. The memory changes hands and is not copied. */
  texts: Texts
}

export interface Leases {
  take(lane: Lane, limit: LeaseLimit): { lease: StoredLease; leased: Leased } | 'none' | CorruptChunk
  get(id: number): StoredLease | undefined
  /**
   * Ends a lease; what it holds and is not deleted is free again.
   *
   * @param isAllGone all of it is deleted: there is nothing to look for
   */
  end(lease: StoredLease, isAllGone: boolean): void
}

/** A row that is not what was written. */
export interface CorruptChunk {
  corrupt: ChunkHeader
}

/** So many are looked at in one go. */
const MOST_HEADERS = 128

export function leases(chunks: Chunks, firstId: number): Leases {
  const open = new Map<number, StoredLease>()
  /** Chunks that are out: wholly, or some events of them. */
  const out = new Map<number, 'all' | Set<number>>()
  let nextId = firstId

  /** The chunks of a lane from the first that may have a free event. A dozen is enough where they are full. */
  function* candidates(lane: Lane): Generator<ChunkHeader> {
    for (let from = lane.firstFreeChunk, most = 12; ; most = MOST_HEADERS) {
      const page = chunks.headers(lane, from, most)
      const last = page.at(-1)
      if (last === undefined) return
      yield* page
      from = last.id + 1
    }
  }

  function free(chunk: Chunk, taken: ReadonlySet<number>, { maxEvents, maxBytes }: LeaseLimit): Chunk {
    const events = []
    const json = []
    let bytes = 0
    for (const [at, event] of chunk.events.entries()) {
      if (taken.has(event.index)) continue
      const text = chunk.json[at] ?? ''
      bytes += Buffer.byteLength(text)
      if (events.length > 0 && (events.length === maxEvents || bytes > maxBytes)) break
      events.push(event)
      json.push(text)
    }
    return { ...chunk, events, json }
  }

  function lend(lane: Lane, parts: Part[]): StoredLease {
    const lease = { id: nextId++, lane, parts }
    open.set(lease.id, lease)
    for (const { id, events, indexes } of parts) {
      const before = out.get(id)
      if (indexes === undefined) out.set(id, 'all')
      else out.set(id, new Set([...(before instanceof Set ? before : []), ...indexes]))
      lane.leased += events
    }
    return lease
  }

  return {
    take(lane, limit) {
      const parts: Part[] = []
      const facts: [number, number, string][] = []
      const bodies: Uint8Array[] = []
      let events = 0
      const left = { ...limit }
      let skipped = true

      for (const header of candidates(lane)) {
        const taken = out.get(header.id)
        if (taken === 'all' || taken?.size === header.events) {
          skipped = true
          continue
        }
        if (parts.length === 0) lane.firstFreeChunk = header.id

        const fits = taken === undefined && header.events <= left.maxEvents && header.bytes <= left.maxBytes
        if (!fits && parts.length > 0) break

        const row = chunks.read(header.id)
        if (row === undefined || !isIntact(row)) return { corrupt: header }
        if (fits) {
          parts.push({ ...header, follows: !skipped })
          skipped = false
          facts.push([header.id, row.receivedAtMs, textOf(row.facts)])
          bodies.push(row.body)
          events += header.events
          left.maxEvents -= header.events
          left.maxBytes -= header.bytes
          continue
        }

        const part = free(decodeChunk(row), taken ?? new Set(), limit)
        const partRow = encodeChunk(part)
        const indexes = new Set(part.events.map(({ index }) => index))
        parts.push({ id: header.id, events: indexes.size, bytes: partRow.bytes, indexes, follows: false })
        facts.push([header.id, row.receivedAtMs, textOf(partRow.facts)])
        bodies.push(partRow.body)
        events += indexes.size
        break
      }
      if (parts.length === 0) return 'none'
      return { lease: lend(lane, parts), leased: { facts, texts: textsOfLines(bodies, events) } }
    },

    get: (id) => open.get(id),

    end(lease, isAllGone) {
      if (!open.delete(lease.id)) return
      for (const { id, events, indexes } of lease.parts) {
        const taken = out.get(id)
        if (indexes !== undefined && taken instanceof Set) indexes.forEach((index) => taken.delete(index))
        if (indexes === undefined || (taken instanceof Set && taken.size === 0)) out.delete(id)
        lease.lane.leased -= events
        if (!isAllGone) lease.lane.firstFreeChunk = Math.min(lease.lane.firstFreeChunk, id)
      }
    },
  }
}
