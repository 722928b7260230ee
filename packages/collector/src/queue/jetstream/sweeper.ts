/**
 * Deletes what the log needs no more: chunks that have left, pages that were overwritten, letters that are gone.
 *
 * In this order, so that a node that begins to read in the middle of it sees nothing come to life again: first messages that never counted,
 * then a note of what is about to go (which also keeps its ids for 48 hours), and only then the thing itself. The last chunk of a
 * pixel stays, because the next must come after it. Only a pixel's owner sweeps it.
 */
import type { Brokers } from './connection.js'
import type { LogState } from './log-state.js'
import { MAX_HASHES, subjectOf } from './messages.js'
import type { Chunk, PixelState } from './pixel-state.js'
import type { Publisher } from './publisher.js'
import { toRanges } from './ranges.js'
import { bucketOf, HASH_BYTES, REMEMBERED_BUCKETS } from './seen.js'

/** Chunks behind one that waits are deleted one by one; so many in a round. */
const MAX_SINGLE = 50

export interface SweeperOptions {
  brokers: Brokers
  stream: string
  state: LogState
  publisher: Publisher
  now: () => number
}

export class Sweeper {
  readonly #options: SweeperOptions

  constructor(options: SweeperOptions) {
    this.#options = options
  }

  async sweep(pixel: PixelState): Promise<void> {
    await this.#deleteVoids(pixel)
    if (pixel.lastChunkIsValid) await this.#sweepChunks(pixel)
    await this.#sweepPages(pixel)
    await this.#sweepLetters(pixel)
    await this.#sweepNotes(pixel)
  }

  async #deleteVoids(pixel: PixelState): Promise<void> {
    for (const seq of pixel.voids) {
      if (seq === pixel.lastSeq.e) continue
      await this.#delete(seq)
      pixel.voids.delete(seq)
    }
  }

  async #sweepChunks(pixel: PixelState): Promise<void> {
    const going = [...pixel.settled.values()].filter(({ seq }) => seq < pixel.lastSeq.e)
    if (going.length === 0) return
    const firstLiveSeq = pixel.live.values().next().value?.seq ?? Number.POSITIVE_INFINITY
    const end = Math.min(firstLiveSeq, pixel.lastSeq.e)
    const together = going.filter(({ seq }) => seq < end)
    const single = going.filter(({ seq }) => seq >= end).slice(0, MAX_SINGLE)
    await this.#note(pixel, [...together, ...single])
    if (together.length > 0) await this.#purge('e', pixel, end)
    for (const { seq } of single) await this.#delete(seq)
  }

  /** By half-day of arrival, as many ids a message as fit; the chunks are named once all their ids are noted. */
  async #note(pixel: PixelState, chunks: readonly Chunk[]): Promise<void> {
    const byBucket = new Map<number, Chunk[]>()
    for (const chunk of chunks) {
      const bucket = bucketOf(chunk.receivedAtMs)
      byBucket.set(bucket, [...(byBucket.get(bucket) ?? []), chunk])
    }
    const size = MAX_HASHES * HASH_BYTES
    for (const [bucket, alike] of byBucket) {
      const hashes = alike.map((chunk) => chunk.hashes).join('')
      let at = 0
      for (; hashes.length - at > size; at += size) {
        await this.#writeNote(pixel, { bucket, hashes: hashes.slice(at, at + size) })
      }
      await this.#writeNote(pixel, {
        bucket,
        hashes: hashes.slice(at),
        chunks: toRanges(alike.map(({ version }) => version)),
      })
    }
  }

  /** Pages before the newest; those that hold letters have subjects of their own. */
  async #sweepPages(pixel: PixelState): Promise<void> {
    const end = Math.min(pixel.pageSeq, pixel.lastSeq.r)
    if (end === 0 || end === pixel.sweptPagesTo) return
    await this.#purge('r', pixel, end)
    pixel.sweptPagesTo = end
  }

  async #sweepLetters(pixel: PixelState): Promise<void> {
    const empty = [...pixel.letters.values()].filter(
      ({ seq, count, gone }) => gone.size === count && seq !== pixel.pageSeq && seq !== pixel.lastSeq.l,
    )
    if (empty.length === 0) return
    const seqs = empty.slice(0, MAX_SINGLE).map(({ seq }) => seq)
    await this.#writeNote(pixel, { bucket: bucketOf(this.#options.now()), hashes: '', letters: seqs })
    for (const seq of seqs) await this.#delete(seq)
  }

  /** Notes whose ids are older than 48 hours. */
  async #sweepNotes(pixel: PixelState): Promise<void> {
    const newest = bucketOf(this.#options.now())
    const oldEnough = pixel.swept.findIndex(({ bucket }) => newest - bucket < REMEMBERED_BUCKETS)
    const old = oldEnough === -1 ? pixel.swept.length : oldEnough
    const last = pixel.swept[old - 1]
    if (last === undefined) return
    await this.#purge('s', pixel, last.seq + 1)
    pixel.swept.splice(0, old)
  }

  async #writeNote(
    pixel: PixelState,
    note: { bucket: number; hashes: string; chunks?: string; letters?: number[] },
  ): Promise<void> {
    await this.#options.publisher.write({ kind: 's', key: pixel.pixelId, facts: (id) => ({ id, ...note }) })
  }

  async #purge(kind: 'e' | 'r' | 's', pixel: PixelState, seq: number): Promise<void> {
    const { brokers, stream } = this.#options
    await brokers.manager.streams.purge(stream, { filter: subjectOf(stream, kind, pixel.pixelId), seq })
  }

  async #delete(seq: number): Promise<void> {
    const { brokers, stream } = this.#options
    // Another owner may have been here before.
    await brokers.manager.streams.deleteMessage(stream, seq, false).catch((error: unknown) => {
      if (!(error instanceof Error && /no message found|sequence .* not found/i.test(error.message))) throw error
    })
  }
}
