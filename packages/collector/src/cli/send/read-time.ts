/**
 * A time as shops write it, in seconds since the epoch; `undefined` when it is none.
 *
 * Seconds, milliseconds, or a date. A date without an offset is in this machine's time zone (`TZ`); one without a time of
 * day is at its noon, so that no time zone moves it to another day.
 */
export function readTime(text: string): number | undefined {
  const trimmed = text.trim()
  if (/^\d{9,10}(\.\d+)?$/.test(trimmed)) return Math.floor(Number(trimmed))
  if (/^\d{12,13}$/.test(trimmed)) return Math.floor(Number(trimmed) / 1_000)
  if (!/^\d{4}-\d{2}-\d{2}/.test(trimmed)) return undefined
  const ms = Date.parse(/^\d{4}-\d{2}-\d{2}$/.test(trimmed) ? `${trimmed}T12:00:00` : trimmed)
  return Number.isNaN(ms) ? undefined : Math.floor(ms / 1_000)
}
