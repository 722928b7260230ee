import { compact } from './person-name.js'

/**
 * `ct`: lower case, no punctuation, no spaces; begins with a letter.
 *
 * Mended: Meta's parameter builder deletes every letter that is not ASCII (`São Paulo` becomes `sopaulo`, `東京` nothing), its documentation
 * asks for UTF-8. A value that begins with a digit (`75001 Paris`) is an address line, not a city: left out, as by the builder.
 *
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/customer-information-parameters
 */
export function normaliseCity(value: string): string | undefined {
  const city = compact(value)
  return BEGINS_WITH_LETTER.test(city) ? city : undefined
}

const BEGINS_WITH_LETTER = /^\p{L}/u
