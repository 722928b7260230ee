import type { Arrival } from './arrival.js'
import { BoundedMap } from './bounded-map.js'
import type { BrowserCopy, EventCopies, ReceivedCopy, ServerCopy } from './copy.js'
import { noCopies, note, verdict, type Tally } from './tally.js'
import { VisitorTwins } from './visitor-twins.js'

/**
 * What the sandbox remembers of the copies it received.
 *
 * - `all`: every copy, whole.
 * - `ids`: per event only how many copies came from each side. For load tests that ask "did each arrive, and how often?"
 * - `counts`: nothing but sums; no copy is then recognised as a second one.
 */
export type Keep = 'all' | 'ids' | 'counts'

/** How many copies of one event are kept whole, per channel; all are counted. */
const COPIES_PER_EVENT = 20

/** Sums since the start or the last `forget()`. Exact, whatever is kept. */
export interface CopyCounts {
  browserCopies: number
  serverCopies: number
  /** Events that Meta would count. */
  counted: number
  /** Copies that Meta would set aside as second ones. */
  deduplicated: number
  withoutId: number
}

type Entry = Tally &
  Pick<Arrival, 'pixel_id' | 'event_name' | 'event_id'> & { browser: BrowserCopy[]; server: ServerCopy[] }

/** The copies, paired by pixel, event name and event id. Bounded: the oldest events are forgotten first. */
export class Ledger {
  readonly #keep: Keep
  readonly #entries: BoundedMap<Entry>
  readonly #twins: VisitorTwins
  #sequence = 0
  #counts = noCounts()

  constructor(keep: Keep, capacity: number) {
    this.#keep = keep
    this.#entries = new BoundedMap(capacity)
    this.#twins = new VisitorTwins(capacity)
  }

  take(arrival: Arrival, nowMs: number): void {
    const { channel, event_id } = arrival
    const sequence = ++this.#sequence
    const counted = this.#keep === 'counts' || this.#pair(arrival, sequence, nowMs)

    this.#counts[`${channel}Copies`]++
    this.#counts[counted ? 'counted' : 'deduplicated']++
    if (event_id === undefined) this.#counts.withoutId++
  }

  /** Notes server copies of which nothing is known but their number. */
  count(serverCopies: number): void {
    this.#counts.serverCopies += serverCopies
    this.#counts.counted += serverCopies
  }

  /** Every copy that is kept whole, in the order of arrival. */
  received(): ReceivedCopy[] {
    const copies = this.#entries.values().flatMap(({ browser, server }) => [...browser, ...server])
    return copies.sort((left, right) => left.sequence - right.sequence)
  }

  /** The events with their copies, in the order in which the first copy arrived. */
  copies(): EventCopies[] {
    return this.#entries.values().map((entry) => ({
      pixel_id: entry.pixel_id,
      event_name: entry.event_name,
      ...(entry.event_id !== undefined && { event_id: entry.event_id }),
      verdict: verdict(entry),
      counted: entry.counted,
      browserCopies: entry.browserCopies,
      serverCopies: entry.serverCopies,
      browser: [...entry.browser],
      server: [...entry.server],
    }))
  }

  counts(): CopyCounts {
    return { ...this.#counts }
  }

  forget(): void {
    this.#entries.clear()
    this.#twins.clear()
    this.#counts = noCounts()
  }

  /** Returns whether Meta would count the copy. */
  #pair(arrival: Arrival, sequence: number, nowMs: number): boolean {
    const { channel, pixel_id, event_name, event_id } = arrival
    const entry = this.#entryOf(arrival, sequence)
    const hasTwin = channel === 'server' && this.#twins.hasBrowserCopyOf(arrival, nowMs)
    const counted = note(entry, channel, hasTwin, nowMs)
    if (channel === 'browser') this.#twins.noteBrowserCopy(arrival, nowMs)

    if (this.#keep === 'all' && entry[`${channel}Copies`] <= COPIES_PER_EVENT) {
      const id = event_id !== undefined && { event_id }
      const copy = arrival.whole({ pixel_id, event_name, ...id, receivedAtMs: nowMs, sequence, counted })
      if (copy.channel === 'browser') entry.browser.push(copy)
      else entry.server.push(copy)
    }
    return counted
  }

  #entryOf({ pixel_id, event_name, event_id }: Arrival, sequence: number): Entry {
    // A copy without an id stands for itself.
    const key = [pixel_id, event_name, event_id ?? `\0${sequence}`].join('\n')
    const known = this.#entries.get(key)
    if (known) return known

    const id = event_id !== undefined && { event_id }
    const entry: Entry = {
      pixel_id,
      event_name,
      ...id,
      ...noCopies(),
      ...(this.#keep === 'all' ? { browser: [], server: [] } : NONE_KEPT),
    }
    this.#entries.set(key, entry)
    return entry
  }
}

/** Shared, or a million events would have two empty lists each. */
const NONE_KEPT = { browser: [], server: [] }

function noCounts(): CopyCounts {
  return { browserCopies: 0, serverCopies: 0, counted: 0, deduplicated: 0, withoutId: 0 }
}
