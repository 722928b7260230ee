/**
 * One pixel as the log tells it: read from the beginning, message by message, by every node alike.
 *
 * Which of two competing messages counts is decided here, by the log's order alone: a number that was given already is void.
 * (The server is asked to refuse such messages too, but older servers let some through when two arrive at the same instant.)
 */
import type { DropReason, LaneKey, PixelBooks } from '../queue.js'
import type { Chunk } from './chunk.js'
import { chunkOf, countIn } from './chunk.js'
import type { ChunkFacts, LetterFacts, PageFacts, SweptFacts } from './messages.js'
import type { Page } from './page.js'
import { addDrops, emptyPage, readPage } from './page.js'
import { fromRanges } from './ranges.js'

export interface LetterBox {
  seq: number
  facts: LetterFacts
  count: number
  gone: Set<number>
}

export interface Waiting {
  events: number
  bytes: number
}

export class PixelState {
  readonly pixelId: string
  page: Page = emptyPage()
  /** Where the page stands, and the last message of each subject, valid or not: what the next one must come after. */
  pageSeq = 0
  readonly lastSeq = { e: 0, r: 0, l: 0 }
  /** Messages that nobody needs any more, to be deleted, each with the message that made it so. */
  readonly doomed = new Map<number, number>()
  /** What was doomed by this message is deleted. */
  cleanedTo = 0
  chunkVersion = 0
  /** Whether the last chunk message counts. One that does not must not be left alone in the log. */
  lastChunkIsValid = true
  received = 0
  readonly live = new Map<number, Chunk>()
  /** Have left entirely; not yet deleted. */
  readonly settled = new Map<number, Chunk>()
  /** Messages that do not count, to be deleted before anything else; each, like those above, with the message that made it deletable. */
  readonly voids = new Map<number, number>()
  readonly letters = new Map<number, LetterBox>()
  readonly swept: { seq: number; bucket: number }[] = []
  readonly waiting = new Map<string, Waiting>()
  readonly #liveDrops: Partial<Record<DropReason, number>> = {}
  #liveReplays = 0
  /** Whether the page is one with letters, which have a fate of their own. */
  #buries = false

  constructor(pixelId: string) {
    this.pixelId = pixelId
  }

  /** False when the chunk is void. */
  takeChunk(seq: number, facts: ChunkFacts): boolean {
    this.#comesAfter('e', seq)
    this.lastChunkIsValid = facts.version > this.chunkVersion
    if (!this.lastChunkIsValid) {
      this.voids.set(seq, seq)
      return false
    }
    const chunk = chunkOf(seq, facts)
    this.chunkVersion = chunk.version
    this.received = facts.before + chunk.events + sum(chunk.drops)
    this.live.set(chunk.version, chunk)
    this.#count(chunk, 1)
    for (const [letterSeq, indexes] of chunk.replays) this.#lettersGone(letterSeq, fromRanges(indexes))
    return true
  }

  /** False when the page is void. */
  takePage(seq: number, kind: 'r' | 'l', facts: PageFacts): boolean {
    this.#comesAfter(kind, seq)
    if (facts.version <= this.page.version) {
      this.voids.set(seq, seq)
      return false
    }
    const before = this.page
    const page = readPage(facts)
    this.page = page
    if (this.pageSeq !== 0 && !this.#buries) this.doomed.set(this.pageSeq, seq)
    this.pageSeq = seq
    this.#buries = kind === 'l'
    this.#cleaned(page.cleanedTo ?? 0)
    if (this.chunkVersion <= page.at) {
      this.received = page.received
      this.chunkVersion = page.at
    }
    for (const version of new Set([...before.partial.keys(), ...page.partial.keys()])) this.#recount(version)
    for (const version of page.settled) this.#settle(version)
    if (facts.letters) {
      const count = facts.letters.runs.reduce((total, [, , , run]) => total + run, 0)
      this.letters.set(seq, { seq, facts: facts.letters, count, gone: new Set() })
    }
    for (const [letterSeq, indexes] of page.lettersGone) this.#lettersGone(letterSeq, indexes)
    return true
  }

  takeSwept(seq: number, { bucket, chunks = '', letters = [] }: SweptFacts): void {
    this.swept.push({ seq, bucket })
    for (const version of fromRanges(chunks)) {
      const chunk = this.settled.get(version) ?? this.live.get(version)
      if (chunk) this.doomed.set(chunk.seq, seq)
      this.forget(version)
      this.settled.delete(version)
    }
    for (const letterSeq of letters) {
      if (this.letters.delete(letterSeq)) this.doomed.set(letterSeq, seq)
    }
  }

  /** Takes a chunk out without a trace in the sums. When it had not left rightly, the books show a gap. */
  forget(version: number): void {
    const chunk = this.live.get(version)
    if (chunk === undefined) return
    this.live.delete(version)
    this.#count(chunk, -1)
  }

  /** Notes that their owner must have deleted long ago. */
  forgetNotes(beforeBucket: number): void {
    const first = this.swept.findIndex(({ bucket }) => bucket >= beforeBucket)
    this.swept.splice(0, first === -1 ? this.swept.length : first)
  }

  isGone(version: number, index: number): boolean {
    return !this.live.has(version) || this.page.partial.get(version)?.has(index) === true
  }

  books(): PixelBooks {
    const { delivered, dead, expired, replayed, lettersDropped } = this.page
    const dropped = { ...this.page.dropped }
    addDrops(dropped, this.#liveDrops)
    const waiting = [...this.waiting.values()].reduce((total, { events }) => total + events, 0)
    return {
      pixelId: this.pixelId,
      received: this.received,
      delivered,
      dead,
      expired,
      dropped,
      waiting,
      replayed: replayed + this.#liveReplays,
      lettersDropped,
    }
  }

  lane(testEventCode: string): LaneKey {
    return { pixelId: this.pixelId, ...(testEventCode !== '' && { testEventCode }) }
  }

  oldestReceivedAtMs(testEventCode: string): number | undefined {
    for (const { parts, receivedAtMs } of this.live.values()) {
      if (parts.some((part) => part.testEventCode === testEventCode && part.left > 0)) return receivedAtMs
    }
    return undefined
  }

  get letterCount(): number {
    let count = 0
    for (const box of this.letters.values()) count += box.count - box.gone.size
    return count
  }

  #cleaned(to: number): void {
    if (to <= this.cleanedTo) return
    this.cleanedTo = to
    for (const [seq, since] of this.doomed) if (since <= to && seq !== this.lastSeq.r) this.doomed.delete(seq)
    for (const [seq, since] of this.voids) if (since <= to && seq !== this.lastSeq.e) this.voids.delete(seq)
  }

  /** The last message of a subject stays until another comes, and can only be deleted from then on. */
  #comesAfter(kind: 'e' | 'r' | 'l', seq: number): void {
    const last = this.lastSeq[kind]
    this.lastSeq[kind] = seq
    for (const deletable of [this.doomed, this.voids]) if (deletable.has(last)) deletable.set(last, seq)
  }

  #settle(version: number): void {
    const chunk = this.live.get(version)
    if (chunk === undefined) return
    this.forget(version)
    this.settled.set(version, chunk)
  }

  #lettersGone(letterSeq: number, indexes: ReadonlySet<number>): void {
    const box = this.letters.get(letterSeq)
    if (box) for (const index of indexes) box.gone.add(index)
  }

  #recount(version: number): void {
    const chunk = this.live.get(version)
    if (chunk === undefined) return
    this.#count(chunk, -1)
    const gone = this.page.partial.get(version) ?? new Set<number>()
    for (const part of chunk.parts) part.left = part.events - countIn(gone, part)
    this.#count(chunk, 1)
  }

  #count({ parts, drops, replays }: Chunk, sign: 1 | -1): void {
    for (const { testEventCode, left, events, bytes } of parts) {
      const waiting = this.waiting.get(testEventCode) ?? { events: 0, bytes: 0 }
      waiting.events += sign * left
      waiting.bytes += sign * (left === events ? bytes : Math.round((bytes * left) / events))
      if (waiting.events === 0) this.waiting.delete(testEventCode)
      else this.waiting.set(testEventCode, waiting)
    }
    addDrops(this.#liveDrops, drops, sign)
    for (const [, indexes] of replays) this.#liveReplays += sign * fromRanges(indexes).size
  }
}

export function sum(counts: Partial<Record<DropReason, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0)
}
