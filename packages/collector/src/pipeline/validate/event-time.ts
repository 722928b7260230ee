import { limits } from '@pixel-mirror/common'
import type { Findings } from '../findings.js'
import type { Received } from '../received.js'

/** From here on a number cannot be meant in seconds (it would be the year 5138), so it is in milliseconds. */
const MILLISECONDS_FROM = 1e11

/** The last moment that a date can hold, in milliseconds. */
const LATEST_MS = 8.64e15

/** A browser's clock that differs by less is not corrected: the request itself took some of it. */
const CLOCK_TOLERANCE_MS = 30_000

/** How old an event of a browser may be: as long as Meta finds its twin, and the tracker keeps one while offline. */
const MAX_BROWSER_AGE_MS = limits.DEDUPLICATION_WINDOW_MS

/** When the event happened, in seconds. Browsers' clocks are corrected and bounded; the future is clamped to now. */
export function readEventTime(value: unknown, sentAt: unknown, received: Received, findings: Findings): number {
  const { receivedAtMs, sender } = received
  const givenMs = readMs(value, findings)
  if (givenMs === undefined) {
    if (value != null && sender === 'server') {
      findings.refuse('event_time_invalid', 'event_time')
      return 0
    }
    findings.repair(value == null ? 'event_time_missing' : 'event_time_overridden', 'event_time')
    return toSeconds(receivedAtMs)
  }
  const ms = sender === 'browser' ? correctClock(givenMs, sentAt, receivedAtMs, findings) : givenMs
  if (sender === 'browser' && receivedAtMs - ms > MAX_BROWSER_AGE_MS) {
    findings.repair('event_time_overridden', 'event_time')
    return toSeconds(receivedAtMs)
  }
  if (toSeconds(ms) > toSeconds(receivedAtMs)) {
    findings.repair('event_time_in_future', 'event_time')
    return toSeconds(receivedAtMs)
  }
  return toSeconds(ms)
}

function readMs(value: unknown, findings: Findings): number | undefined {
  const number = typeof value === 'string' ? readText(value, findings) : value
  if (typeof number !== 'number' || !(number > 0) || number > LATEST_MS) return undefined
  if (number < MILLISECONDS_FROM) return number * 1000
  if (typeof value === 'number') findings.repair('event_time_in_milliseconds', 'event_time')
  return number
}

const NUMBER = /^\s*\d{1,16}(?:\.\d{1,9})?\s*$/
const ISO_8601 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})$/

/** `"1764000000"` and `"2025-11-24T16:00:00Z"` mean a time too; without a time zone nobody knows which. */
function readText(text: string, findings: Findings): number | undefined {
  const number = NUMBER.test(text) ? Number(text) : ISO_8601.test(text) ? Date.parse(text) : undefined
  if (number !== undefined) findings.repair('event_time_text', 'event_time')
  return number
}

/** The browser says when, by its own clock, it sent the request; the difference to our clock is its error. */
function correctClock(ms: number, sentAt: unknown, receivedAtMs: number, findings: Findings): number {
  if (typeof sentAt !== 'number' || !(sentAt > 0) || sentAt > LATEST_MS) return ms
  const errorMs = receivedAtMs - sentAt
  if (Math.abs(errorMs) <= CLOCK_TOLERANCE_MS) return ms
  findings.repair('event_time_clock_corrected', 'event_time')
  return ms + errorMs
}

function toSeconds(ms: number): number {
  return Math.floor(ms / 1000)
}
