/** The whole log as state: pixels, collectors that live, what was received lately. The same on every node. */
import { performance } from 'node:perf_hooks'
import type { LaneKey } from '../queue.js'
import type { ChunkFacts, MessageKind, NodeFacts, PageFacts, ReserveFacts, SweptFacts } from './messages.js'
import { parseSubject, readFacts } from './messages.js'
import { PixelState } from './pixel-state.js'
import { bucketOf, Seen } from './seen.js'

export interface LogMessage {
  subject: string
  seq: number
  /** By the brokers' clock. */
  timeMs: number
  facts: string
}

/** More than a node leaves behind that sweeps up its own. */
const MAX_BEATS = 64

/** A message that was read: where it stands, and who it is. */
export interface ReadMessage {
  seq: number
  id: string
}

export interface NodeState extends ReadMessage {
  pixels: readonly string[]
  /** The last sign of life, by the brokers' clock and by this process's monotonic one. */
  timeMs: number
  heardAtMs: number
}

export class LogState {
  readonly pixels = new Map<string, PixelState>()
  readonly nodes = new Map<string, NodeState>()
  /** By node, the messages of its signs of life that may still stand in the log, at most so many. */
  readonly beats = new Map<string, number[]>()
  /** Messages that only keep room, and notes of those given up. */
  readonly reserve = new Set<number>()
  readonly reserveNotes = new Set<number>()
  readonly seen = new Seen()
  /** The last message that was read. */
  newest: ReadMessage = { seq: 0, id: '' }
  readonly #stream: string
  readonly #onStored: (lane: LaneKey, events: number) => void
  readonly #awaited = new Map<string, (valid: boolean) => void>()
  #moved: (() => void)[] = []

  /** Up to where the log is read. */
  get seq(): number {
    return this.newest.seq
  }

  constructor(stream: string, onStored: (lane: LaneKey, events: number) => void) {
    this.#stream = stream
    this.#onStored = onStored
  }

  pixel(pixelId: string): PixelState {
    let state = this.pixels.get(pixelId)
    if (state === undefined) this.pixels.set(pixelId, (state = new PixelState(pixelId)))
    return state
  }

  /** Each message once and in order. */
  take({ subject, seq, timeMs, facts }: LogMessage): void {
    if (seq <= this.seq) return
    const { kind, key } = parseSubject(this.#stream, subject)
    const { id, valid } = this.#take(kind, key, seq, timeMs, facts)
    this.newest = { seq, id }
    this.#awaited.get(id)?.(valid)
    this.#awaited.delete(id)
    const moved = this.#moved
    this.#moved = []
    for (const tell of moved) tell()
  }

  /**
   * What the log says about a message that is about to be published; asked before that. `isValid()` knows it when the log is read up to the
   * message; `undefined` if it was deleted before this node came to read it.
   */
  outcomeOf(id: string): { isValid(): boolean | undefined; forget(): void } {
    let outcome: boolean | undefined
    this.#awaited.set(id, (valid) => (outcome = valid))
    return { isValid: () => outcome, forget: () => void this.#awaited.delete(id) }
  }

  /** Resolves when the log is read up to this message. */
  async readTo(seq: number): Promise<void> {
    while (this.seq < seq) await new Promise<void>((resolve) => this.#moved.push(resolve))
  }

  /** The brokers say that the last message of a subject is not the one that was read last: that one is deleted. */
  lastIs(kind: MessageKind, key: string, seq: number, instead: number | undefined): void {
    if (kind !== 'e' && kind !== 'r' && kind !== 'l') return
    const { lastSeq } = this.pixel(key)
    if (lastSeq[kind] === instead) lastSeq[kind] = seq
  }

  #take(kind: MessageKind, key: string, seq: number, timeMs: number, text: string): { id: string; valid: boolean } {
    switch (kind) {
      case 'e': {
        const facts = readFacts<ChunkFacts>(text)
        const pixel = this.pixel(key)
        const valid = pixel.takeChunk(seq, facts)
        if (valid) {
          this.seen.add(bucketOf(facts.receivedAtMs), facts.hashes)
          const chunk = pixel.live.get(facts.version)
          for (const { testEventCode, events } of chunk?.parts ?? []) this.#onStored(pixel.lane(testEventCode), events)
        }
        return { id: facts.id, valid }
      }
      case 'r':
      case 'l': {
        const facts = readFacts<PageFacts>(text)
        return { id: facts.id, valid: this.pixel(key).takePage(seq, kind, facts) }
      }
      case 's': {
        const facts = readFacts<SweptFacts>(text)
        this.seen.add(facts.bucket, facts.hashes)
        this.pixel(key).takeSwept(seq, facts)
        return { id: facts.id, valid: true }
      }
      case 'n': {
        const facts = readFacts<NodeFacts>(text)
        this.beats.set(key, [...(this.beats.get(key) ?? []), seq].slice(-MAX_BEATS))
        if (facts.stopped) this.nodes.delete(key)
        else this.nodes.set(key, { id: facts.id, seq, pixels: facts.pixels, timeMs, heardAtMs: performance.now() })
        return { id: facts.id, valid: true }
      }
      case 'b': {
        const facts = readFacts<ReserveFacts>(text)
        if (facts.givenUp === undefined) this.reserve.add(seq)
        else {
          this.reserve.delete(facts.givenUp)
          this.reserveNotes.add(seq)
        }
        return { id: facts.id, valid: true }
      }
    }
  }
}
