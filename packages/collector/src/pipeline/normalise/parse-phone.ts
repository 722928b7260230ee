import { getCountryCallingCode, isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/min'
import type { CountryCode, PhoneNumber } from 'libphonenumber-js/min'

/**
 * A telephone number as digits with calling code, by Google's rules: trunk zeros, `(0)`, `00`, extensions and national forms are understood.
 * `undefined` when it is no number, or when nobody can know its country.
 *
 * @param country ISO 3166-1 alpha-2, lower case
 */
export function parsePhone(value: string, country: string | undefined): string | undefined {
  const home = country?.toUpperCase()
  const text = value.replace(INTERNATIONAL_ZEROS, '+')
  if (home === undefined || !isSupportedCountry(home)) return digitsOf(parsePhoneNumberFromString(text))
  return digitsOf(withCallingCode(text, home) ?? parsePhoneNumberFromString(text, home))
}

/** `0044 …` and `00 44 …`: the way out of most countries. Two zeros begin no national number. */
const INTERNATIONAL_ZEROS = /^\s*\(?00\)?\s*(?=[1-9])/

/**
 * `49 151 …` in Germany: the calling code is there, and only the plus is missing. Believed when the rest is a number of that country;
 * otherwise the digits are a national number that happens to begin like this.
 */
function withCallingCode(text: string, home: CountryCode): PhoneNumber | undefined {
  const trimmed = text.trimStart()
  if (!trimmed.startsWith(getCountryCallingCode(home))) return undefined
  const number = parsePhoneNumberFromString(`+${trimmed}`)
  return number?.isValid() === true ? number : undefined
}

function digitsOf(number: PhoneNumber | undefined): string | undefined {
  return number?.isPossible() === true ? number.number.slice(1) : undefined
}
