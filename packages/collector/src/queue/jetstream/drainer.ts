/**
 * Handing events out and writing what became of them.
 *
 * A pixel belongs to one node at a time; its page says to whom, and each change of owner raises the page's `epoch`. Results are written
 * as the next page, and only while the epoch is the one that the events were leased under. So a node that was frozen, lost the pixel
 * and wakes again cannot settle what another node is sending: its page comes too late, and the one it finds then names another owner.
 */
import { LeaseLostError } from '../../errors.js'
import type { LaneKey, Lease, LeasedEvent, LeaseLimit, Purge, Verdict } from '../queue.js'
import { parseRef } from '../event-ref.js'
import { Turns } from '../turns.js'
import type { Bodies } from './bodies.js'
import { burialOf, MAX_BURIED, MAX_BURIED_BYTES } from './letters.js'
import type { LogState } from './log-state.js'
import type { Nodes } from './nodes.js'
import type { Page } from './page.js'
import type { Pages } from './pages.js'
import { leave } from './pages.js'
import type { Chunk } from './chunk.js'
import type { PixelState } from './pixel-state.js'

/** Chunks read ahead at a time. At light load a chunk is one event, under load hundreds. */
const MAX_CHUNKS = 256

type Left = Verdict | Purge

interface Loaded {
  epoch: number
  /** By chunk, in order; each event with whether it is out. */
  chunks: Map<number, { event: LeasedEvent; index: number; testEventCode: string; out: boolean }[]>
}

export interface DrainerOptions {
  state: LogState
  pages: Pages
  nodes: Nodes
  bodies: Bodies
  now: () => number
  /** Told of chunks that are in the books, but not in the log any more. */
  onLost: (pixelId: string, events: number) => void
}

export class Drainer {
  readonly #options: DrainerOptions
  readonly #loaded = new Map<string, Loaded>()
  readonly #leases = new WeakMap<Lease, number>()
  readonly #turns = new Turns()

  constructor(options: DrainerOptions) {
    this.#options = options
  }

  lease(lane: LaneKey, limit: LeaseLimit): Promise<Lease | undefined> {
    return this.#turns.take(lane.pixelId, () => this.#lease(lane, limit))
  }

  /**
   * Returns whether anything is free again. When it rejects because the brokers do not answer, the lease goes on: the caller comes again.
   *
   * @throws LeaseLostError when another node has the pixel by now
   */
  settle(lease: Lease, verdicts: readonly Left[]): Promise<boolean> {
    return this.#turns.take(lease.lane.pixelId, () => this.#settle(lease, verdicts))
  }

  /** Whether this node has the pixel, or could have it. */
  mayTake({ page: { owner } }: PixelState): boolean {
    return owner === undefined || !this.#options.nodes.lives(owner) || owner === this.#options.nodes.id
  }

  /** Makes this node the pixel's owner, if it can be. Returns the epoch. */
  async take(pixel: PixelState): Promise<number | undefined> {
    const { nodes, pages } = this.#options
    if (!this.mayTake(pixel)) return undefined
    // Of a node that seems dead perhaps only nothing was read for long: behind a commit of now all that it has said is read.
    if (pixel.page.owner === undefined || pixel.page.owner === nodes.id) await nodes.makeSure()
    else await nodes.beat()
    if (pixel.page.owner !== nodes.id) {
      await pages.change(pixel.pixelId, (page) => {
        if (page.owner === nodes.id || (page.owner !== undefined && nodes.lives(page.owner))) return false
        page.owner = nodes.id
        page.epoch++
      })
    }
    return pixel.page.owner === nodes.id ? pixel.page.epoch : undefined
  }

  /** Gives every pixel back, so that another node need not wait for this one to be dead. */
  async giveBack(): Promise<void> {
    const { state, pages, nodes } = this.#options
    const own = [...state.pixels.values()].filter(({ page }) => page.owner === nodes.id)
    await Promise.all(
      own.map(({ pixelId }) =>
        pages.change(pixelId, (page) => {
          if (page.owner !== nodes.id) return false
          delete page.owner
        }),
      ),
    )
  }

  async #lease(lane: LaneKey, limit: LeaseLimit): Promise<Lease | undefined> {
    const pixel = this.#options.state.pixels.get(lane.pixelId)
    const testEventCode = lane.testEventCode ?? ''
    if (!pixel?.waiting.has(testEventCode)) return undefined
    const epoch = await this.take(pixel)
    if (epoch === undefined) return undefined
    const loaded = this.#loadedOf(pixel, epoch)
    const taken = await this.#takeFree(pixel, loaded, testEventCode, limit)
    if (taken.length === 0) return undefined
    const lease: Lease = { lane, events: taken }
    this.#leases.set(lease, epoch)
    return lease
  }

  /** The oldest free events; chunks that are not in memory are read as they are met. */
  async #takeFree(
    pixel: PixelState,
    loaded: Loaded,
    testEventCode: string,
    { maxEvents, maxBytes }: LeaseLimit,
  ): Promise<LeasedEvent[]> {
    const taken: LeasedEvent[] = []
    let bytes = 0
    let full = false
    const takeFrom = (chunk: Chunk) => {
      for (const entry of loaded.chunks.get(chunk.version) ?? []) {
        if (entry.out || entry.testEventCode !== testEventCode || pixel.isGone(chunk.version, entry.index)) continue
        bytes += Buffer.byteLength(entry.event.json)
        full = taken.length > 0 && (taken.length >= maxEvents || bytes > maxBytes)
        if (full) return
        entry.out = true
        taken.push(entry.event)
      }
    }
    const chunks = [...chunksOf(pixel, testEventCode)]
    let ahead: Chunk[] = []
    let promised = { events: 0, bytes: 0 }
    for (const [place, chunk] of chunks.entries()) {
      if (full) break
      if (loaded.chunks.has(chunk.version) && ahead.length === 0) {
        takeFrom(chunk)
        continue
      }
      ahead.push(chunk)
      for (const part of chunk.parts) {
        promised.events += part.left
        promised.bytes += part.bytes
      }
      const enough = taken.length + promised.events >= maxEvents || bytes + promised.bytes >= maxBytes
      if (!enough && ahead.length < MAX_CHUNKS && place < chunks.length - 1) continue
      await this.#read(pixel, loaded, ahead)
      for (const read of ahead) if (!full) takeFrom(read)
      ahead = []
      promised = { events: 0, bytes: 0 }
    }
    return taken
  }

  async #read(pixel: PixelState, loaded: Loaded, chunks: readonly Chunk[]): Promise<void> {
    const { bodies, onLost } = this.#options
    const missing = chunks.filter(({ version }) => !loaded.chunks.has(version))
    const read = await bodies.read(pixel.pixelId, missing)
    missing.forEach((chunk, place) => {
      // Settled and swept by another node while it was being read.
      if (!pixel.live.has(chunk.version)) return
      const events = read[place]
      if (events === undefined) {
        // Without a trace in the sums: the books show the gap.
        onLost(pixel.pixelId, chunk.events)
        pixel.forget(chunk.version)
        return
      }
      const ambiguous = pixel.page.ambiguous.get(chunk.version)
      loaded.chunks.set(
        chunk.version,
        events.map((event, index) => {
          const ambiguousSinceMs = ambiguous?.get(index)
          const testEventCode = chunk.parts.find(({ indexes }) => indexes?.has(index) ?? true)?.testEventCode ?? ''
          const known = { ...event, ...(ambiguousSinceMs !== undefined && { ambiguousSinceMs }) }
          return { event: known, index, testEventCode, out: false }
        }),
      )
    })
  }

  async #settle(lease: Lease, verdicts: readonly Left[]): Promise<boolean> {
    const { pixelId } = lease.lane
    const pixel = this.#options.state.pixel(pixelId)
    const epoch = this.#leases.get(lease)
    if (epoch === undefined) return false
    const loaded = this.#loaded.get(pixelId)
    if (loaded?.epoch !== epoch) this.#lose(lease)
    const out = new Map(lease.events.map((event) => [event.ref, event]))
    const given = verdicts.filter(({ ref }) => out.has(ref))
    const telling = given.filter((verdict) => verdict.kind !== 'free' || verdict.ambiguousSinceMs !== undefined)
    // Rejects when nobody knows whether it was written. What the log holds by then is passed over when the same is said again.
    for (const step of stepsOf(telling, out)) {
      const ours = await this.#options.pages.change(pixelId, (page, state) => {
        if (page.epoch !== epoch || page.owner !== this.#options.nodes.id) return false
        return this.#write(page, state, lease.lane, step, out)
      })
      if (!ours) this.#lose(lease)
    }
    this.#leases.delete(lease)
    this.#free(pixel, loaded, out, given)
    return given.filter(({ kind }) => kind !== 'free').length < out.size
  }

  #lose(lease: Lease): never {
    const { pixelId } = lease.lane
    if (this.#loaded.get(pixelId)?.epoch === this.#leases.get(lease)) this.#loaded.delete(pixelId)
    this.#leases.delete(lease)
    throw new LeaseLostError('Another node drains this pixel by now; the events are offered again.')
  }

  #write(
    page: Page,
    pixel: PixelState,
    lane: LaneKey,
    verdicts: readonly Left[],
    events: ReadonlyMap<string, LeasedEvent>,
  ): ReturnType<typeof burialOf> {
    const buried: [LeasedEvent, Extract<Left, { kind: 'dead' | 'expired' }>][] = []
    for (const verdict of verdicts) {
      const { chunkId, index } = parseRef(verdict.ref)
      const chunk = pixel.live.get(Number(chunkId))
      const gone = page.partial.get(Number(chunkId)) ?? new Set<number>()
      if (chunk === undefined || page.settled.has(chunk.version) || gone.has(index)) continue
      if (verdict.kind === 'free') {
        rememberAmbiguous(page, chunk.version, index, verdict.ambiguousSinceMs)
        continue
      }
      gone.add(index)
      page.partial.set(chunk.version, gone)
      if (verdict.kind === 'purged') page.dropped.purged = (page.dropped.purged ?? 0) + 1
      else page[verdict.kind]++
      if (verdict.kind === 'dead' || verdict.kind === 'expired') buried.push([events.get(verdict.ref)!, verdict])
      page.ambiguous.get(chunk.version)?.delete(index)
      if (gone.size === chunk.events) leave(page, chunk)
    }
    return burialOf(lane, buried, this.#options.now())
  }

  #free(pixel: PixelState, loaded: Loaded, out: ReadonlyMap<string, LeasedEvent>, verdicts: readonly Left[]): void {
    for (const verdict of verdicts) {
      if (verdict.kind !== 'free' || verdict.ambiguousSinceMs === undefined) continue
      out.get(verdict.ref)!.ambiguousSinceMs ??= verdict.ambiguousSinceMs
    }
    for (const ref of out.keys()) {
      const { chunkId, index } = parseRef(ref)
      const version = Number(chunkId)
      const entry = loaded.chunks.get(version)?.[index]
      if (entry) entry.out = false
      if (!pixel.live.has(version)) loaded.chunks.delete(version)
    }
  }

  #loadedOf(pixel: PixelState, epoch: number): Loaded {
    const before = this.#loaded.get(pixel.pixelId)
    if (before?.epoch === epoch) return before
    const loaded: Loaded = { epoch, chunks: new Map() }
    this.#loaded.set(pixel.pixelId, loaded)
    return loaded
  }
}

function* chunksOf(pixel: PixelState, testEventCode: string): Generator<Chunk> {
  for (const chunk of pixel.live.values()) {
    if (chunk.parts.some((part) => part.testEventCode === testEventCode && part.left > 0)) yield chunk
  }
}

/** The first time stays. */
function rememberAmbiguous(page: Page, version: number, index: number, sinceMs: number | undefined): void {
  if (sinceMs === undefined) return
  const since = page.ambiguous.get(version) ?? new Map<number, number>()
  page.ambiguous.set(version, since)
  if (!since.has(index)) since.set(index, sinceMs)
}

/** One page buries only as many letters as a message takes; what more there is follows in the next. */
function stepsOf(verdicts: readonly Left[], events: ReadonlyMap<string, LeasedEvent>): Left[][] {
  const steps: Left[][] = []
  let letters = Number.POSITIVE_INFINITY
  let bytes = 0
  for (const verdict of verdicts) {
    const size = verdict.kind === 'dead' || verdict.kind === 'expired' ? events.get(verdict.ref)!.json.length : 0
    if (steps.length === 0 || (size > 0 && (letters >= MAX_BURIED || bytes + size > MAX_BURIED_BYTES))) {
      steps.push([])
      letters = 0
      bytes = 0
    }
    steps.at(-1)!.push(verdict)
    if (size > 0) letters++
    bytes += size
  }
  return steps
}
