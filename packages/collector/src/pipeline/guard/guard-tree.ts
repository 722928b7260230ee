import type { Findings } from '../findings.js'
import { guardUrl, MANY_DIGITS } from './guard-url.js'
import { findPersonal } from './personal-text.js'
import { sensitivity } from './sensitive-keys.js'

/**
 * A JSON value without personal data: properties that are personal by name or value are removed, and what stands among other words is
 * replaced. The same value is returned when there is none, which costs a walk and no copy. Paths end at the field: a key may be personal, too.
 */
export function guardTree(value: unknown, field: string, findings: Findings): unknown {
  if (typeof value === 'string') return guardText(value, field, findings)
  if (typeof value !== 'object' || value === null) return value
  return Array.isArray(value)
    ? guardList(value, field, findings)
    : guardObject(value as Record<string, unknown>, field, findings)
}

function guardText(text: string, field: string, findings: Findings): string | undefined {
  const guarded = WEB.test(text) ? guardUrl(text) : text
  const found = findPersonal(guarded)
  if (found.kind === 'clean' && guarded === text) return text
  findings.repair('personal_data_removed', field)
  return found.kind === 'clean' ? guarded : found.kind === 'parts' ? found.text : undefined
}

const WEB = /^https?:\/\//i

function guardList(list: readonly unknown[], field: string, findings: Findings): readonly unknown[] {
  let copy: unknown[] | undefined
  for (let index = 0; index < list.length; index++) {
    const kept = guardTree(list[index], field, findings)
    if (kept !== list[index]) copy ??= list.slice(0, index)
    if (copy !== undefined && kept !== undefined) copy.push(kept)
  }
  return copy ?? list
}

function guardObject(object: Readonly<Record<string, unknown>>, field: string, findings: Findings) {
  const keys = Object.keys(object)
  let copy: Record<string, unknown> | undefined
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index] as string
    const value = object[key]
    const kept = guardProperty(key, value, field, findings)
    if (kept !== value) copy ??= Object.fromEntries(keys.slice(0, index).map((before) => [before, object[before]]))
    if (copy !== undefined && kept !== undefined) copy[key] = kept
  }
  return copy ?? object
}

function guardProperty(key: string, value: unknown, field: string, findings: Findings): unknown {
  const kind = sensitivity(key)
  if (kind === 'no' || !isSayingSomething(value, kind)) return guardTree(value, field, findings)
  findings.repair('personal_data_removed', field)
  return undefined
}

/** `email: true` and `phone: "Pixel 9"` are about no person. */
function isSayingSomething(value: unknown, kind: 'always' | 'with_digits'): boolean {
  return kind === 'always' ? typeof value !== 'boolean' : MANY_DIGITS.test(JSON.stringify(value))
}
