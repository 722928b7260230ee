import type { NormaliseContext } from './context.js'

/**
 * `zp`: lower case, no spaces, no dashes; of a ZIP code in the United States the first five digits.
 *
 * Mended: Meta's parameter builder cuts every postcode at its dash (`100-0001` in Japan becomes `100`) and keeps spaces (`m1 1ae`), its
 * documentation says neither. A ZIP code that a spreadsheet has robbed of its leading zeros gets them back.
 *
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/customer-information-parameters
 */
export function normalisePostcode(value: string, { country }: NormaliseContext): string | undefined {
  const postcode = value.toLowerCase().replace(NO_LETTER_OR_DIGIT, '')
  const american = country === 'us' || (country === undefined && ZIP_PLUS_FOUR.test(value.trim()))
  const cut = american && DIGITS.test(postcode) ? firstFive(postcode) : postcode
  return cut.length >= 2 ? cut : undefined
}

const NO_LETTER_OR_DIGIT = /[^\p{L}\p{N}]+/gu

/** Nobody but the United States writes five digits, a dash and four. */
const ZIP_PLUS_FOUR = /^\d{5}-\d{4}$/

const DIGITS = /^\d{3,}$/

/** Three, four or eight digits were five or nine before a spreadsheet took the zeros. */
function firstFive(digits: string): string {
  const whole = digits.length < 5 ? digits.padStart(5, '0') : digits.length === 8 ? `0${digits}` : digits
  return whole.slice(0, 5)
}
