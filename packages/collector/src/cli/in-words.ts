/** Numbers as people read them. */

/** `1,234`. */
export function count(value: number): string {
  return value.toLocaleString('en-US')
}

/** `1 event`, `2 events`. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`
}

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** `1.5 MB`; a kB has 1,024 bytes, as the settings have it. */
export function bytes(value: number): string {
  const power = Math.min(BYTE_UNITS.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, value)) / 10)))
  const scaled = value / 1_024 ** power
  return `${scaled >= 100 || power === 0 ? Math.round(scaled) : scaled.toFixed(1)} ${BYTE_UNITS[power]}`
}

const DURATION_UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const

/** `2 d 4 h`, `3 min 20 s`, `0.4 s`: the two largest units. */
export function duration(ms: number): string {
  if (ms < 10_000) return `${(Math.max(0, ms) / 1_000).toFixed(1)} s`
  let rest = ms
  const parts: string[] = []
  for (const [unit, size] of DURATION_UNITS) {
    const whole = Math.floor(rest / size)
    rest -= whole * size
    if (whole > 0) parts.push(`${whole} ${unit}`)
  }
  return parts.slice(0, 2).join(' ')
}
