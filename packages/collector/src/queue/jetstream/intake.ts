/**
 * Taking events in: requests that arrive while a pixel's commit is under way share the next one, which is one message.
 *
 * A commit says which chunk it follows. When another node was faster, its chunk is in the state by now: what it holds is a duplicate,
 * and the commit is tried again behind it. So the same event is stored once, whichever nodes it reaches.
 */
import { QueueUnavailableError } from '../../errors.js'
import { bodyText, factsText } from '../postgres/chunk.js'
import type { AppendResult, DropReason, Drops, QueuedEvent, StoredAs } from '../queue.js'
import type { Bodies } from './bodies.js'
import type { LogState } from './log-state.js'
import type { ChunkFacts } from './messages.js'
import { addDrops } from './page.js'
import type { PixelState } from './pixel-state.js'
import type { Publisher } from './publisher.js'
import { toRanges } from './ranges.js'
import { hashOf } from './seen.js'

/** A message holds no more than this: it is read whole, and its ids must fit into its header. */
const MAX_EVENTS = 1_000
const MAX_BYTES = 512 * 1024

/** Overtaken so often means that the state does not follow the log any more. */
const MAX_ATTEMPTS = 100

interface Waiting {
  events: readonly QueuedEvent[]
  drops: Partial<Record<DropReason, number>>
  resolve: (stored: StoredAs[]) => void
  reject: (error: Error) => void
}

export interface IntakeOptions {
  state: LogState
  publisher: Publisher
  bodies: Bodies
  now: () => number
}

export class Intake {
  readonly #options: IntakeOptions
  readonly #waiting = new Map<string, Waiting[]>()
  readonly #committing = new Map<string, Promise<void>>()

  constructor(options: IntakeOptions) {
    this.#options = options
  }

  async append(events: readonly QueuedEvent[], drops: Drops): Promise<AppendResult> {
    const byPixel = new Map<string, { indexes: number[]; events: QueuedEvent[]; drops: Waiting['drops'] }>()
    const of = (pixelId: string) => {
      let part = byPixel.get(pixelId)
      if (part === undefined) byPixel.set(pixelId, (part = { indexes: [], events: [], drops: {} }))
      return part
    }
    events.forEach((event, index) => {
      const part = of(event.lane.pixelId)
      part.indexes.push(index)
      part.events.push(event)
    })
    for (const { pixelId, reason, count } of drops) addDrops(of(pixelId).drops, { [reason]: count })

    const stored: StoredAs[] = []
    await Promise.all(
      [...byPixel].map(async ([pixelId, part]) => {
        const answers = await this.#appendTo(pixelId, part)
        part.indexes.forEach((index, place) => (stored[index] = answers[place]!))
      }),
    )
    return { stored }
  }

  /** Resolves when nothing is under way any more. */
  async settled(): Promise<void> {
    while (this.#committing.size > 0) await Promise.all(this.#committing.values())
  }

  #appendTo(pixelId: string, part: Pick<Waiting, 'events' | 'drops'>): Promise<StoredAs[]> {
    return new Promise((resolve, reject) => {
      const waiting = this.#waiting.get(pixelId) ?? []
      this.#waiting.set(pixelId, waiting)
      waiting.push({ ...part, resolve, reject })
      if (!this.#committing.has(pixelId)) this.#committing.set(pixelId, this.#commitAll(pixelId, waiting))
    })
  }

  async #commitAll(pixelId: string, waiting: Waiting[]): Promise<void> {
    // One turn later, so that the requests of this very moment come along.
    await Promise.resolve()
    while (waiting.length > 0) {
      const batch = takeBatch(waiting)
      try {
        const answers = await this.#commit(pixelId, batch)
        for (const { events, resolve } of batch) resolve(answers.splice(0, events.length))
      } catch (error) {
        for (const { reject } of batch) reject(error as Error)
      }
    }
    this.#committing.delete(pixelId)
  }

  /** For each event of the batch, in order. */
  async #commit(pixelId: string, batch: readonly Waiting[]): Promise<StoredAs[]> {
    const { state, publisher, bodies, now } = this.#options
    const pixel = state.pixel(pixelId)
    const answers: StoredAs[] = []
    const drops: Waiting['drops'] = {}
    for (const { drops: own } of batch) addDrops(drops, own)
    let rest = batch.flatMap(({ events }) => events)
    let dropsWaiting = Object.keys(drops).length > 0
    let overtaken = 0
    while (rest.length > 0 || dropsWaiting) {
      const nowMs = now()
      const chunk = this.#nextChunk(rest, nowMs)
      const all = dropsWaiting ? { ...drops } : {}
      addDrops(all, { ...(chunk.duplicates > 0 && { duplicate: chunk.duplicates }) })
      const { chunkVersion: after } = pixel
      const body = `${factsText(chunk.stored)}\n${bodyText(chunk.stored)}`
      const written = await publisher.write({
        kind: 'e',
        key: pixelId,
        body,
        // When something is strange, the log's order alone decides.
        ...(overtaken < 10 && { after: pixel.lastSeq.e }),
        facts: (id) =>
          chunkFacts({ id, pixel, receivedAtMs: nowMs, events: chunk.stored, drops: all, hashes: chunk.hashes }),
      })
      if (written === 'overtaken') {
        if (++overtaken > MAX_ATTEMPTS) throw new QueueUnavailableError('The log cannot be followed.')
        continue
      }
      bodies.put(pixelId, after + 1, body)
      answers.push(...chunk.answers)
      rest = rest.slice(chunk.answers.length)
      dropsWaiting = false
      overtaken = 0
    }
    return answers
  }

  /** As many of the events as one message takes, each new or known. */
  #nextChunk(events: readonly QueuedEvent[], nowMs: number): NextChunk {
    const { seen } = this.#options.state
    const chunk: NextChunk = { stored: [], answers: [], duplicates: 0, hashes: '' }
    const own = new Set<string>()
    let bytes = 0
    for (const event of events) {
      const hash = hashOf(event)
      if (hash !== undefined && (own.has(hash) || seen.has(hash, nowMs))) {
        chunk.answers.push('duplicate')
        chunk.duplicates++
        continue
      }
      bytes += Buffer.byteLength(event.json)
      if (chunk.stored.length >= MAX_EVENTS || (chunk.stored.length > 0 && bytes > MAX_BYTES)) break
      if (hash !== undefined) {
        own.add(hash)
        chunk.hashes += hash
      }
      chunk.stored.push(event)
      chunk.answers.push('stored')
    }
    return chunk
  }
}

interface NextChunk {
  stored: QueuedEvent[]
  answers: StoredAs[]
  duplicates: number
  hashes: string
}

function takeBatch(waiting: Waiting[]): Waiting[] {
  let events = 0
  const end = waiting.findIndex((request, index) => (events += request.events.length) > MAX_EVENTS && index > 0)
  return waiting.splice(0, end === -1 ? waiting.length : end)
}

/** What a chunk's header says; also of dead letters that go back. */
export function chunkFacts({
  id,
  pixel,
  receivedAtMs,
  events,
  drops = {},
  hashes = '',
  replays,
}: {
  id: string
  pixel: PixelState
  receivedAtMs: number
  events: readonly QueuedEvent[]
  drops?: Partial<Record<DropReason, number>>
  hashes?: string
  replays?: ChunkFacts['replays']
}): ChunkFacts {
  const tests = new Map<string, { indexes: number[]; bytes: number }>()
  let bytes = 0
  events.forEach(({ lane: { testEventCode }, json }, index) => {
    const own = Buffer.byteLength(json)
    bytes += own
    if (testEventCode === undefined) return
    const test = tests.get(testEventCode) ?? { indexes: [], bytes: 0 }
    tests.set(testEventCode, test)
    test.indexes.push(index)
    test.bytes += own
  })
  return {
    id,
    version: pixel.chunkVersion + 1,
    before: pixel.received,
    receivedAtMs,
    events: events.length,
    bytes,
    hashes,
    ...(tests.size > 0 && { tests: [...tests].map(([code, test]) => [code, toRanges(test.indexes), test.bytes]) }),
    ...(Object.keys(drops).length > 0 && { drops }),
    ...(replays && { replays }),
  }
}
