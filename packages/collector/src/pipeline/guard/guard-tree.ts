import type { Findings } from '../findings.js'
import { guardUrl, MANY_DIGITS } from './guard-url.js'
import { findPersonal, REMOVED } from './personal-text.js'
import { sensitivity } from './sensitive-keys.js'

/**
 * A JSON value without personal data: properties that are personal by name or value are removed, and what stands among other words is
 * replaced. The same value is returned when there is none, which costs a walk and no copy. Paths end at the field: a key may be personal, too.
 */
export function guardTree(value: unknown, field: string, findings: Findings): unknown {
  if (typeof value === 'string') return guardText(value, field, findings)
  if (typeof value !== 'object' || value === null) return value
  return Array.isArray(value) ? guardList(value, field, findings) : guardObject(value, field, findings)
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
  let changed = false
  const guarded = list.map((item) => {
    const kept = guardTree(item, field, findings)
    changed ||= kept !== item
    return kept
  })
  return changed ? guarded.filter((item) => item !== undefined) : list
}

function guardObject(object: object, field: string, findings: Findings): object {
  const entries = Object.entries(object) as [string, unknown][]
  let changed = false
  const guarded: [string, unknown][] = []
  for (const [key, value] of entries) {
    const kept = guardProperty(key, value, field, findings)
    changed ||= kept !== value
    if (kept !== undefined) guarded.push([key, kept])
  }
  return changed ? Object.fromEntries(guarded) : object
}

function guardProperty(key: string, value: unknown, field: string, findings: Findings): unknown {
  if (isPersonal(key, value)) {
    findings.repair('personal_data_removed', field)
    return undefined
  }
  return guardTree(value, field, findings)
}

function isPersonal(key: string, value: unknown): boolean {
  const kind = sensitivity(key)
  if (kind === 'always') return typeof value === 'string' || typeof value === 'number' || Array.isArray(value)
  if (kind === 'with_digits') return MANY_DIGITS.test(String(value))
  return key !== REMOVED && findPersonal(key).kind !== 'clean'
}
