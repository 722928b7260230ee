import type { NormaliseContext } from './context.js'

/**
 * `db`: `YYYYMMDD`, from 1900 until now.
 *
 * Three numbers are read as by Meta's parameter builder: the one above 31 is the year; of the others one above 12 is the day,
 * and otherwise the month comes first, as in the United States.
 *
 * Mended: dates with dots (`03.04.1997`) and dates of people elsewhere are day first; a time behind the date is ignored; a day that
 * the calendar does not have is left out. Two-digit years and names of months are left out, as by the builder.
 *
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/customer-information-parameters
 */
export function normaliseDateOfBirth(value: string, { country, nowMs }: NormaliseContext): string | undefined {
  const date = value.trim().replace(TIME, '$1')
  const numbers = date.match(NUMBERS) ?? []
  if (EIGHT_DIGITS.test(date)) return written(date.slice(0, 4), date.slice(4, 6), date.slice(6), nowMs)
  if (numbers.length !== 3) return undefined
  const dayFirst = date.includes('.') || (country !== undefined && !MONTH_FIRST.has(country))
  return inOrder(numbers as [string, string, string], dayFirst, nowMs)
}

const NUMBERS = /\d+/g
const EIGHT_DIGITS = /^\d{8}$/

/** The time of day in `1997-02-16T00:00:00Z`. */
const TIME = /^(\d{4}\D\d{1,2}\D\d{1,2})[T ].*$/

/** Where dates begin with the month, or with either. */
const MONTH_FIRST = new Set(['us', 'ca', 'ph', 'pr', 'gu', 'as', 'vi', 'mp', 'fm', 'mh', 'pw'])

function inOrder([first, second, third]: [string, string, string], dayFirst: boolean, nowMs: number | undefined) {
  const [a, b] = [Number(first), Number(second)]
  if (a > 31) return b > 12 ? written(first, third, second, nowMs) : written(first, second, third, nowMs)
  const dayLeads = b <= 12 && (a > 12 || dayFirst)
  return dayLeads ? written(third, second, first, nowMs) : written(third, first, second, nowMs)
}

function written(year: string, month: string, day: string, nowMs = Infinity): string | undefined {
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)))
  const exists = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day)
  if (!exists || year.length !== 4 || Number(year) < 1900 || date.getTime() > nowMs) return undefined
  return `${year}${month.padStart(2, '0')}${day.padStart(2, '0')}`
}
