/**
 * `fn`, `ln`: lower case, no punctuation, no spaces; letters of every script stay.
 *
 * Mended: Meta's parameter builder knows only ASCII punctuation and leaves the typographic apostrophe of `O’Neil`, which its documentation
 * forbids; and accents typed as two characters are joined to one, or the same name would have two hashes.
 *
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/customer-information-parameters
 */
export function normalisePersonName(value: string): string | undefined {
  return compact(value) || undefined
}

/** Lower case, composed, without spaces, punctuation and symbols: what names of people, cities and states have in common. */
export function compact(value: string): string {
  if (PLAIN.test(value)) return value.toLowerCase()
  return value.toLowerCase().replace(NO_LETTER, '').normalize('NFC')
}

/** The common case costs one test. */
const PLAIN = /^[A-Za-z]+$/

/** Spaces, punctuation, symbols, control and invisible characters. */
const NO_LETTER = /[\s\p{P}\p{S}\p{C}\p{Z}]+/gu
