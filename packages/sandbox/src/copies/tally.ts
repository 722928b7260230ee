import type { Verdict } from './copy.js'

const HOUR_MS = 3_600_000

/**
 * How long Meta remembers a copy.
 *
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/deduplicate-pixel-and-server-events
 */
export const WINDOW_MS = 48 * HOUR_MS

/** What is remembered of one event: how often it came from each side, and how often Meta would count it. */
export interface Tally {
  browserCopies: number
  serverCopies: number
  counted: number
  /** When the copy arrived that later ones are measured against. */
  windowStartMs: number
}

export function noCopies(): Tally {
  return { browserCopies: 0, serverCopies: 0, counted: 0, windowStartMs: 0 }
}

/**
 * Notes one more copy under the same pixel, name and id. Returns whether Meta would count it.
 *
 * `hasTwin`: the same visitor's copy of an event without an id in common was counted before (Meta's second method).
 */
export function note(tally: Tally, channel: 'browser' | 'server', hasTwin: boolean, nowMs: number): boolean {
  if (channel === 'browser') tally.browserCopies++
  else tally.serverCopies++

  const secondCopy = tally.counted > 0 ? nowMs - tally.windowStartMs < WINDOW_MS : hasTwin
  if (secondCopy) return false
  tally.windowStartMs = nowMs
  tally.counted++
  return true
}

export function verdict({ browserCopies, serverCopies, counted }: Tally): Verdict {
  if (browserCopies > 1 || serverCopies > 1 || counted > 1) return 'duplicate'
  if (browserCopies === serverCopies) return 'once'
  // A server copy that was never counted has its twin elsewhere: found by the visitor, not by the id.
  if (counted === 0) return 'once'
  return browserCopies === 1 ? 'browser_only' : 'server_only'
}
