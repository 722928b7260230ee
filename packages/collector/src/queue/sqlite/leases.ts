/**
 * Leases: which events are out for sending. Only in memory, so that a crash offers them again.
 *
 * Chunks are taken whole, as many as fit, and settled whole: then no row is read twice and a thousand delivered events are one
 * DELETE. Only where the limit is smaller than the first chunk (a probe with one event) a part is taken.
 */
import type { LeaseLimit } from '../queue.js'
import type { Chunk } from './chunk.js'
import { decodeChunk, formatChunk, isIntact, textsOf } from './chunk.js'
import type { ChunkHeader, Chunks } from './chunks.js'
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

/** A leased part as it goes to the relay's thread: as texts, which are cheap to send and are read there. */
export type LeasedTexts = readonly [chunkId: number, receivedAtMs: number, facts: string, body: string]

export interface Leases {
  take(lane: Lane, limit: LeaseLimit): { lease: StoredLease; texts: LeasedTexts[] } | 'none' | CorruptChunk
  get(id: number): StoredLease | undefined
  /** Ends a lease; what it holds and is not deleted is free again. */
  end(lease: StoredLease): void
}

/** A row that is not what was written. */
export interface CorruptChunk {
  corrupt: ChunkHeader
}

export function leases(chunks: Chunks, firstId: number): Leases {
  const open = new Map<number, StoredLease>()
  /** Chunks that are out: wholly, or some events of them. */
  const out = new Map<number, 'all' | Set<number>>()
  let nextId = firstId

  /** The chunks of a lane from the first that may have a free event, page by page. */
  function* candidates(lane: Lane): Generator<ChunkHeader> {
    for (let from = lane.firstFreeChunk; ;) {
      const page = chunks.headers(lane, from)
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
      const texts: LeasedTexts[] = []
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
          const { id, events, bytes } = header
          parts.push({ id, events, bytes, follows: !skipped })
          skipped = false
          const { facts, body } = textsOf(row)
          texts.push([header.id, row.receivedAtMs, facts, body])
          left.maxEvents -= header.events
          left.maxBytes -= header.bytes
          continue
        }

        const part = free(decodeChunk(row), taken ?? new Set(), limit)
        const { facts, body } = formatChunk(part)
        const indexes = new Set(part.events.map(({ index }) => index))
        parts.push({ id: header.id, events: indexes.size, bytes: Buffer.byteLength(body), indexes, follows: false })
        texts.push([header.id, row.receivedAtMs, facts, body])
        break
      }
      return parts.length === 0 ? 'none' : { lease: lend(lane, parts), texts }
    },

    get: (id) => open.get(id),

    end(lease) {
      if (!open.delete(lease.id)) return
      for (const { id, events, indexes } of lease.parts) {
        const taken = out.get(id)
        if (indexes !== undefined && taken instanceof Set) indexes.forEach((index) => taken.delete(index))
        if (indexes === undefined || (taken instanceof Set && taken.size === 0)) out.delete(id)
        lease.lane.leased -= events
        lease.lane.firstFreeChunk = Math.min(lease.lane.firstFreeChunk, id)
      }
    },
  }
}
