/**
 * Deletes what the log needs no more: chunks that have left, pages that were overwritten, letters that are gone.
 *
 * In this order, so that a node that begins to read in the middle of it sees nothing come to life again: first messages that never counted,
 * then a note of what is about to go (which also keeps its ids for 48 hours), and only then the thing itself. The last chunk of a
 * pixel stays, because the next must come after it. Only a pixel's owner sweeps it.
 *
 * Message by message, never by subject: a broker of NATS Server 2.9 that starts again repeats a purge by subject as one of the whole
 * stream, and so loses its copy of all that waits. @see https://github.com/nats-io/nats-server/issues/4196
 */
import type { Brokers } from './connection.js'
import type { LogEnd } from './log-end.js'
import type { LogState } from './log-state.js'
import type { Nodes } from './nodes.js'
import { MAX_HASHES } from './messages.js'
import type { Chunk } from './chunk.js'
import type { PixelState } from './pixel-state.js'
import type { Publisher } from './publisher.js'
import { isGone } from './reserve.js'
import { toRanges } from './ranges.js'
import { bucketOf, HASH_BYTES, REMEMBERED_BUCKETS } from './seen.js'

/** Messages of letters that one note names. */
const MAX_LETTERS = 50
/** Requests to the brokers at a time. */
const DELETE_AT_ONCE = 32

export interface SweeperOptions {
  brokers: Brokers
  stream: string
  state: LogState
  publisher: Publisher
  logEnd: Pick<LogEnd, 'standsTo'>
  now: () => number
}

export class Sweeper {
  readonly #options: SweeperOptions

  constructor(options: SweeperOptions) {
    this.#options = options
  }

  async sweep(pixel: PixelState): Promise<void> {
    await this.#deleteUseless(pixel)
    if (pixel.lastChunkIsValid) await this.#noteChunks(pixel)
    await this.#noteLetters(pixel)
    await this.#sweepNotes(pixel)
  }

  /** Signs of life: of this node's own all but the newest, of nodes that are gone all. */
  async sweepBeats(nodes: Nodes): Promise<void> {
    const { beats, nodes: known } = this.#options.state
    for (const [id, seqs] of beats) {
      const isGone = nodes.isGone(id)
      if (id === nodes.id && seqs.length < 2) continue
      const last = isGone ? undefined : seqs.at(-1)
      if (!isGone && id !== nodes.id) continue
      const to = await this.#options.logEnd.standsTo()
      await this.#deleteAll(seqs.filter((seq) => seq !== last && seq < to))
      const left = (beats.get(id) ?? []).filter((seq) => seq === last || seq >= to || !seqs.includes(seq))
      if (left.length > 0) {
        beats.set(id, left)
        continue
      }
      beats.delete(id)
      known.delete(id)
    }
  }

  /**
   * Voids before what was valid in their place, or they would come to life; so nothing that is doomed only while voids are being deleted.
   * The newest page tells the other nodes how far this has come.
   */
  async #deleteUseless(pixel: PixelState): Promise<void> {
    const { voids, doomed, lastSeq } = pixel
    if (voids.size + doomed.size === 0) return
    const to = await this.#options.logEnd.standsTo()
    const until = (deletable: ReadonlyMap<number, number>, last: number) =>
      [...deletable].filter(([seq, since]) => since <= to && seq !== last).map(([seq]) => seq)
    const dead = until(voids, lastSeq.e)
    const going = until(doomed, lastSeq.r)
    await this.#deleteAll(dead, (seq) => voids.delete(seq))
    await this.#deleteAll(going, (seq) => doomed.delete(seq))
    pixel.cleanedTo = Math.max(pixel.cleanedTo, to)
  }

  /** By half-day of arrival, as many ids a message as fit; the chunks are named once all their ids are noted. */
  async #noteChunks(pixel: PixelState): Promise<void> {
    const byBucket = new Map<number, Chunk[]>()
    for (const chunk of pixel.settled.values()) {
      if (chunk.seq >= pixel.lastSeq.e) continue
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

  async #noteLetters(pixel: PixelState): Promise<void> {
    const empty = [...pixel.letters.values()].filter(
      ({ seq, count, gone }) => gone.size === count && seq !== pixel.pageSeq && seq !== pixel.lastSeq.l,
    )
    if (empty.length === 0) return
    const letters = empty.slice(0, MAX_LETTERS).map(({ seq }) => seq)
    await this.#writeNote(pixel, { bucket: bucketOf(this.#options.now()), hashes: '', letters })
  }

  /** Notes whose ids are older than 48 hours. */
  async #sweepNotes(pixel: PixelState): Promise<void> {
    const newest = bucketOf(this.#options.now())
    const oldEnough = pixel.swept.findIndex(({ bucket }) => newest - bucket < REMEMBERED_BUCKETS)
    const old = oldEnough === -1 ? pixel.swept.length : oldEnough
    if (old === 0) return
    await this.#options.logEnd.standsTo()
    await this.#deleteAll(pixel.swept.slice(0, old).map(({ seq }) => seq))
    pixel.swept.splice(0, old)
  }

  async #writeNote(
    pixel: PixelState,
    note: { bucket: number; hashes: string; chunks?: string; letters?: number[] },
  ): Promise<void> {
    await this.#options.publisher.write({ kind: 's', key: pixel.pixelId, facts: (id) => ({ id, ...note }) })
  }

  async #deleteAll(seqs: readonly number[], onDeleted: (seq: number) => void = () => undefined): Promise<void> {
    for (let at = 0; at < seqs.length; at += DELETE_AT_ONCE) {
      await Promise.all(seqs.slice(at, at + DELETE_AT_ONCE).map((seq) => this.#delete(seq).then(() => onDeleted(seq))))
    }
  }

  async #delete(seq: number): Promise<void> {
    const { brokers, stream } = this.#options
    await brokers.manager.streams.deleteMessage(stream, seq, false).catch((error: unknown) => {
      if (!isGone(error)) throw error
    })
  }
}
