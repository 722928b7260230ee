import type { Arrival } from './arrival.js'
import { BoundedMap } from './bounded-map.js'
import { WINDOW_MS } from './tally.js'

/**
 * Meta's second method of deduplication, for copies that have no id in common because one has none at all: the same event name
 * by the same visitor (`fbp` or `external_id`), the browser's copy first. It never works within one channel.
 *
 * The pixel's automatic page views need it: they carry no id.
 */
export class VisitorTwins {
  readonly #lastBrowserCopy: BoundedMap<{ atMs: number; hasId: boolean }>

  constructor(capacity: number) {
    this.#lastBrowserCopy = new BoundedMap(capacity)
  }

  noteBrowserCopy(copy: Arrival, nowMs: number): void {
    const last = { atMs: nowMs, hasId: copy.event_id !== undefined }
    for (const key of keysOf(copy)) this.#lastBrowserCopy.set(key, last)
  }

  /** Whether the browser's copy of what this server copy tells of came within the last 48 hours. */
  hasBrowserCopyOf(copy: Arrival, nowMs: number): boolean {
    if (this.#lastBrowserCopy.size === 0) return false
    return keysOf(copy).some((key) => {
      const last = this.#lastBrowserCopy.get(key)
      return last !== undefined && !(last.hasId && copy.event_id !== undefined) && nowMs - last.atMs < WINDOW_MS
    })
  }

  clear(): void {
    this.#lastBrowserCopy.clear()
  }
}

function keysOf({ pixel_id, event_name, visitor }: Arrival): string[] {
  return visitor.map((mark) => `${pixel_id}\n${event_name}\n${mark}`)
}
