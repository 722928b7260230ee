import { codes } from 'currency-codes'
import type { Findings } from '../findings.js'

/** ISO 4217, as the library keeps it. */
const ISO_4217 = new Set(codes())

/** A currency's code in capitals; `undefined` for none (no finding) and for what is none (named). */
export function readCurrency(value: unknown, path: string, findings: Findings): string | undefined {
  if (value == null || value === '') return undefined
  if (typeof value === 'string') {
    if (ISO_4217.has(value)) return value
    const code = value.trim().toUpperCase()
    if (ISO_4217.has(code)) {
      findings.repair('currency_upper_case', path)
      return code
    }
  }
  findings.repair('currency_dropped', path)
  return undefined
}
