/**
 * The memory of what was received in the last 48 hours, as every node has it from the log.
 *
 * An event is remembered as the first 64 bits of a SHA-256, by half-days of arrival; a half-day that is over 48 hours old is
 * forgotten as a whole. Which copy came first is decided by the log's order, so all nodes remember the same.
 */
import { createHash } from 'node:crypto'
import type { QueuedEvent } from '../queue.js'
import type { HashSet } from '../sqlite/hash-set.js'
import { hashSet } from '../sqlite/hash-set.js'

const HOUR_MS = 3_600_000
const BUCKET_MS = 12 * HOUR_MS
/** The half-day an event came in may have begun 12 hours before it. */
export const REMEMBERED_BUCKETS = (48 * HOUR_MS) / BUCKET_MS + 1

export const HASH_BYTES = 8

export const bucketOf = (ms: number) => Math.floor(ms / BUCKET_MS)

/** `undefined`: without an id nothing can be told apart. One character a byte. */
export function hashOf({ lane, eventName, eventId }: QueuedEvent): string | undefined {
  if (eventId === undefined) return undefined
  return createHash('sha256')
    .update(`${lane.pixelId}\0${eventName.length}\0${eventName}${eventId}`)
    .digest('latin1' as 'hex')
    .slice(0, HASH_BYTES)
}

export class Seen {
  readonly #buckets = new Map<number, HashSet>()

  has(hash: string, nowMs: number): boolean {
    const newest = bucketOf(nowMs)
    const [high, low] = halves(hash, 0)
    for (const [bucket, set] of this.#buckets) {
      if (Math.abs(newest - bucket) < REMEMBERED_BUCKETS && set.has(high, low)) return true
    }
    return false
  }

  add(bucket: number, hashes: string): void {
    let set = this.#buckets.get(bucket)
    if (set === undefined) this.#buckets.set(bucket, (set = hashSet()))
    for (let at = 0; at < hashes.length; at += HASH_BYTES) set.add(...halves(hashes, at))
  }

  forgetOld(nowMs: number): void {
    const newest = bucketOf(nowMs)
    for (const bucket of this.#buckets.keys()) {
      if (newest - bucket >= REMEMBERED_BUCKETS) this.#buckets.delete(bucket)
    }
  }
}

function halves(hashes: string, at: number): [number, number] {
  return [half(hashes, at), half(hashes, at + 4)]
}

function half(hash: string, at: number): number {
  return (
    ((hash.charCodeAt(at) << 24) |
      (hash.charCodeAt(at + 1) << 16) |
      (hash.charCodeAt(at + 2) << 8) |
      hash.charCodeAt(at + 3)) >>>
    0
  )
}
