import type { Findings } from '../findings.js'

/** A text with something in it, numbers written out. `undefined` for none (no finding) and for what is none (named). */
export function readText(value: unknown, path: string, findings: Findings): string | undefined {
  if (value == null) return undefined
  if (typeof value === 'string') return isBlank(value) ? undefined : value
  if (typeof value === 'number' && Number.isFinite(value)) return String(value)
  findings.repair(`${lastOf(path)}_dropped`, path)
  return undefined
}

export function isBlank(text: string): boolean {
  return text === '' || text.trim() === ''
}

/** `custom_data.value` is counted as `value_…`. */
export function lastOf(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1)
}
