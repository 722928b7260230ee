const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** How finely counts are kept: minutes for two days, hours for three months. */
export const SPANS = {
  minute: { widthMs: MINUTE_MS, keptMs: 2 * DAY_MS },
  hour: { widthMs: HOUR_MS, keptMs: 92 * DAY_MS },
} as const

export type Span = keyof typeof SPANS

/** The ranges of time that can be looked at, with the width of a point in the charts. */
export const RANGES = {
  '15m': { lengthMs: 15 * MINUTE_MS, stepMs: MINUTE_MS, span: 'minute' },
  '1h': { lengthMs: HOUR_MS, stepMs: MINUTE_MS, span: 'minute' },
  '24h': { lengthMs: DAY_MS, stepMs: 30 * MINUTE_MS, span: 'minute' },
  '7d': { lengthMs: 7 * DAY_MS, stepMs: 3 * HOUR_MS, span: 'hour' },
  '30d': { lengthMs: 30 * DAY_MS, stepMs: 12 * HOUR_MS, span: 'hour' },
  '90d': { lengthMs: 90 * DAY_MS, stepMs: DAY_MS, span: 'hour' },
} as const satisfies Record<string, { lengthMs: number; stepMs: number; span: Span }>

export type RangeName = keyof typeof RANGES

export function isRangeName(text: string): text is RangeName {
  return Object.hasOwn(RANGES, text)
}

/**
 * From when to when, so that points begin at round times of the reader's clock and the last one is under way.
 *
 * @param offsetMinutes how far the reader's clock is ahead of UTC, so that a day begins at midnight there
 */
export function windowOf(range: RangeName, nowMs: number, offsetMinutes = 0): { fromMs: number; toMs: number } {
  const { lengthMs, stepMs, span } = RANGES[range]
  // Counts are kept by whole hours at most; half-hour time zones round to the hour.
  const offsetMs = Math.round((offsetMinutes * MINUTE_MS) / SPANS[span].widthMs) * SPANS[span].widthMs
  const toMs = Math.floor((nowMs + offsetMs) / stepMs) * stepMs + stepMs - offsetMs
  return { fromMs: toMs - lengthMs, toMs }
}
