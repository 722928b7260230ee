/** Numbers, times and amounts, as they are written in the English of the reader; the page's words are English, too. */

/** The reader's first English. Headless browsers have languages that `Intl` throws at, `en-US@posix`. */
export const englishOf = (languages: readonly string[] = []): string =>
  languages.find((language) => /^en(-[a-z]{2})?$/i.test(language)) ?? 'en-GB'

const LOCALE = englishOf((globalThis.navigator as Navigator | undefined)?.languages)

const whole = new Intl.NumberFormat(LOCALE)
const short = new Intl.NumberFormat(LOCALE, { notation: 'compact', maximumFractionDigits: 1 })
const percent = new Intl.NumberFormat(LOCALE, { style: 'percent' })
const clock = new Intl.DateTimeFormat(LOCALE, { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const hour = new Intl.DateTimeFormat(LOCALE, { hour: '2-digit', minute: '2-digit' })
const day = new Intl.DateTimeFormat(LOCALE, { day: 'numeric', month: 'short' })
const dayAndClock = new Intl.DateTimeFormat(LOCALE, { dateStyle: 'medium', timeStyle: 'medium' })

export const formatCount = (value: number): string => whole.format(Math.round(value))

/** `1.2M`, for axes and narrow places. */
export const formatShort = (value: number): string => short.format(value)

/** Never says 0 % or 100 % of what is not none or all. */
export function formatShare(part: number, all: number): string {
  if (all === 0) return '–'
  const share = part / all
  if (share > 0 && share < 0.01) return `<${percent.format(0.01)}`
  if (share < 1 && share > 0.99) return `>${percent.format(0.99)}`
  return percent.format(share)
}

export const formatClock = (ms: number): string => clock.format(ms)
export const formatHour = (ms: number): string => hour.format(ms)
export const formatDay = (ms: number): string => day.format(ms)
export const formatMoment = (ms: number): string => dayAndClock.format(ms)

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const

/** `850 ms`, `12 s`, `3 min`, `2 h 5 min`: at most two units. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`
  const first = UNITS.findIndex(([, length]) => ms >= length)
  const [unit, length] = UNITS[first] ?? UNITS[3]
  if (unit === 's') return `${ms < 10_000 ? (ms / 1_000).toFixed(1) : Math.round(ms / 1_000)} s`
  const next = UNITS[first + 1]
  const rest = next ? Math.floor((ms % length) / next[1]) : 0
  return `${Math.floor(ms / length)} ${unit}${next && rest > 0 ? ` ${rest} ${next[0]}` : ''}`
}

export function formatBytes(bytes: number): string {
  const step = bytes <= 0 ? 0 : Math.min(4, Math.floor(Math.log2(bytes) / 10))
  const value = bytes / 2 ** (10 * step)
  return `${value < 10 && step > 0 ? value.toFixed(1) : Math.round(value)} ${['B', 'KB', 'MB', 'GB', 'TB'][step]}`
}

export function formatMoney(value: number, currency: string): string {
  try {
    const digits = Math.abs(value) >= 1_000 ? { maximumFractionDigits: 0 } : {}
    return new Intl.NumberFormat(LOCALE, { style: 'currency', currency, ...digits }).format(value)
  } catch {
    // Not a currency that this browser knows.
    return `${whole.format(value)} ${currency}`
  }
}

/** Several currencies, largest first; sums of different currencies are never added. */
export function formatMoneys(sums: readonly [currency: string, value: number][]): string {
  return sums.length === 0 ? '–' : sums.map(([currency, value]) => formatMoney(value, currency)).join(' + ')
}

/** `1 repair`, `2 repairs`. */
export const count = (value: number, one: string, many: string): string =>
  `${formatCount(value)} ${value === 1 ? one : many}`
