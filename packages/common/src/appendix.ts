/**
 * The appendix that Meta's own libraries put behind a value (`<value>.<appendix>`) to say which of them made it.
 *
 * It is kept where it came with a value and never made up: that would claim to be Meta's library.
 *
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameter-builder-library
 */

/** The older form names the library's language in two letters. */
const LANGUAGES = new Set(['AQ', 'Ag', 'Aw', 'BA', 'BQ', 'Bg'])

/** The newer form: six bytes as base64url, of which the first is 1 and the second a language from 1 to 6. */
const SIX_BYTES = /^AQ[EIMQUY][A-Za-z0-9_-]{5}$/

/** Whether the last part of a dotted value is an appendix. */
export function isAppendix(text: string): boolean {
  return text.length === 2 ? LANGUAGES.has(text) : text.length === 8 && SIX_BYTES.test(text)
}
