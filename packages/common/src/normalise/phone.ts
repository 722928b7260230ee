import type { NormaliseContext } from './context.js'

/**
 * `ph`: the digits of a number with its country's calling code, no leading zeros.
 *
 * Meta wants the calling code always. Its parameter builder only deletes what is no digit, which leaves `+44 (0)7911 …` with an inner zero,
 * `1-800-FLOWERS` as `1800`, an extension as part of the number, and `0612345678` without a country. Where a library for telephone
 * numbers is given (`parsePhone`), it mends these; without one, or where it finds no number, Meta's rule stands,
 * and what has fewer or more digits than any number in the world is left out.
 *
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/customer-information-parameters
 */
export function normalisePhone(value: string, { country, parsePhone }: NormaliseContext): string | undefined {
  if (value.length > MAX_LENGTH) return undefined
  const phone = parsePhone?.(value, country) ?? value.replace(NO_DIGIT, '').replace(LEADING_ZEROS, '')
  return phone.length >= MIN_DIGITS && phone.length <= MAX_DIGITS ? phone : undefined
}

const NO_DIGIT = /[^0-9]/g
const LEADING_ZEROS = /^0+/

/** The shortest numbers in use with a calling code, such as Niue's (+683 4000). */
const MIN_DIGITS = 7

/** No way of writing one number is longer. */
const MAX_LENGTH = 60

/** ITU-T E.164. */
const MAX_DIGITS = 15
