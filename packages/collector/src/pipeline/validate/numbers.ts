import type { Findings } from '../findings.js'
import { isBlank, lastOf } from './texts.js'

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)$/
/** `19,90` and `1.234,50`: a comma before the last one or two digits divides no thousands. */
const DECIMAL_COMMA = /^[+-]?(?:\d{1,3}(?:\.\d{3})+|\d+),\d{1,2}$/
/** `1,234.50`. */
const THOUSANDS_COMMA = /^[+-]?\d{1,3}(?:,\d{3})+\.\d+$/

/** No number is written longer by a person or a shop. */
const MAX_TEXT_LENGTH = 40

/** A finite number, also from a text that can mean only one. `undefined` for none (no finding) and for what is none (named). */
export function readNumber(value: unknown, path: string, findings: Findings): number | undefined {
  if (value == null || (typeof value === 'string' && isBlank(value))) return undefined
  if (typeof value === 'number' && Number.isFinite(value)) return value
  const number = typeof value === 'string' && value.length <= MAX_TEXT_LENGTH ? fromText(value.trim()) : undefined
  findings.repair(number === undefined ? `${lastOf(path)}_dropped` : `${lastOf(path)}_text`, path)
  return number
}

function fromText(text: string): number | undefined {
  const plain = NUMBER.test(text)
    ? text
    : DECIMAL_COMMA.test(text)
      ? text.replaceAll('.', '').replace(',', '.')
      : THOUSANDS_COMMA.test(text)
        ? text.replaceAll(',', '')
        : undefined
  return plain === undefined ? undefined : Number(plain)
}

/** The same for what can only be counted in whole pieces. */
export function readWhole(value: unknown, path: string, findings: Findings): number | undefined {
  const number = readNumber(value, path, findings)
  if (number === undefined || Number.isSafeInteger(number)) return number
  findings.repair(`${lastOf(path)}_dropped`, path)
  return undefined
}
