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
  const lower = value.toLowerCase()
  return ASCII.test(lower) ? lower.replace(NO_ASCII_LETTER, '') : lower.replace(NO_LETTER, '').normalize('NFC')
}

/** Most names; the rule for every script costs three times as much. */
const ASCII = /^[\x20-\x7e]*$/
const NO_ASCII_LETTER = /[^a-z0-9]+/g

/** Spaces, punctuation, symbols, control and invisible characters. */
const NO_LETTER = /[\s\p{P}\p{S}\p{C}\p{Z}]+/gu
