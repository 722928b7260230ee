/**
 * Changing a pixel's page: read, change a copy, write it as the next one. When another page was faster, once more from there.
 */
import { QueueUnavailableError } from '../../errors.js'
import type { DropReason } from '../queue.js'
import { Turns } from '../turns.js'
import type { LogState } from './log-state.js'
import type { LetterFacts } from './messages.js'
import type { Page } from './page.js'
import { addDrops, copyOf, writePage } from './page.js'
import type { PixelState } from './pixel-state.js'
import type { Publisher } from './publisher.js'
import { fromRanges } from './ranges.js'

const MAX_ATTEMPTS = 100

/** Letters to bury with the page; their texts are the message's body. */
export interface Burial {
  letters: LetterFacts
  body: string
}

/** Changes the copy; may answer what to bury. `false`: there is nothing to change any more. */
export type Change = (page: Page, pixel: PixelState) => Burial | void | false

export class Pages {
  readonly #state: LogState
  readonly #publisher: Publisher
  readonly #turns = new Turns()

  constructor(state: LogState, publisher: Publisher) {
    this.#state = state
    this.#publisher = publisher
  }

  /** Returns whether anything was written. Changes of one pixel follow one another. */
  change(pixelId: string, change: Change): Promise<boolean> {
    return this.#turns.take(pixelId, () => this.#change(this.#state.pixel(pixelId), change))
  }

  async #change(pixel: PixelState, change: Change): Promise<boolean> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const page = copyOf(pixel.page)
      const changed = change(page, pixel)
      if (changed === false) return false
      const burial = changed ?? undefined
      bringUpToDate(page, pixel)
      const kind = burial ? 'l' : 'r'
      const written = await this.#publisher.write({
        kind,
        key: pixel.pixelId,
        facts: (id) => writePage(page, id, burial?.letters),
        ...(burial && { body: burial.body }),
        ...(attempt < 10 && { after: pixel.lastSeq[kind] }),
      })
      if (written === 'valid') return true
    }
    throw new QueueUnavailableError('The log cannot be followed.')
  }
}

/** What the page must say besides: its number, what it knows of, and chunks that hold nothing to be sent. */
function bringUpToDate(page: Page, pixel: PixelState): void {
  page.version = pixel.page.version + 1
  page.at = pixel.chunkVersion
  page.received = pixel.received
  page.cleanedTo = pixel.cleanedTo
  for (const version of page.settled) {
    // Swept: nobody can meet it any more.
    if (!pixel.settled.has(version) && !pixel.live.has(version)) page.settled.delete(version)
  }
  for (const chunk of pixel.live.values()) {
    // In order, so the first that waits ends the search.
    if (chunk.events > 0) {
      if (!page.settled.has(chunk.version)) break
    } else leave(page, chunk)
  }
  for (const seq of page.lettersGone.keys()) if (!pixel.letters.has(seq)) page.lettersGone.delete(seq)
}

/** Writes down that nothing of a chunk is left, with everything that only the chunk knew. */
export function leave(
  page: Page,
  chunk: { version: number; drops: Partial<Record<DropReason, number>>; replays: [number, string][] },
): void {
  page.settled.add(chunk.version)
  page.partial.delete(chunk.version)
  page.ambiguous.delete(chunk.version)
  addDrops(page.dropped, chunk.drops)
  for (const [seq, indexes] of chunk.replays) {
    const gone = page.lettersGone.get(seq) ?? new Set<number>()
    page.lettersGone.set(seq, gone)
    for (const index of fromRanges(indexes)) gone.add(index)
    page.replayed += fromRanges(indexes).size
  }
}
