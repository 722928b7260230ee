/** The parts of names and dates that Meta's SDK knows as fields of their own, for those who may not send the whole. */
import { compact } from './person-name.js'

/** `f5first`, `f5last`: the first five letters. */
export function normaliseFirstFive(value: string): string | undefined {
  return letters(value, 5)
}

/** `fi`: the first letter. */
export function normaliseInitial(value: string): string | undefined {
  return letters(value, 1)
}

/** Counted in whole characters: half an emoji is none. */
function letters(value: string, count: number): string | undefined {
  return [...compact(value)].slice(0, count).join('') || undefined
}

/** `dobd`: `DD`. */
export function normaliseDayOfBirth(value: string): string | undefined {
  return twoDigits(value, 31)
}

/** `dobm`: `MM`. */
export function normaliseMonthOfBirth(value: string): string | undefined {
  return twoDigits(value, 12)
}

/** `doby`: `YYYY`, from 1900. */
export function normaliseYearOfBirth(value: string): string | undefined {
  const year = value.trim()
  return YEAR.test(year) ? year : undefined
}

const YEAR = /^(?:19|20)\d\d$/
const ONE_OR_TWO_DIGITS = /^\d{1,2}$/

function twoDigits(value: string, max: number): string | undefined {
  const digits = value.trim()
  const number = ONE_OR_TWO_DIGITS.test(digits) ? Number(digits) : 0
  return number >= 1 && number <= max ? String(number).padStart(2, '0') : undefined
}
