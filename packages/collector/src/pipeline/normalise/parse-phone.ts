import { getCountryCallingCode, isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/min'
import type { CountryCode, PhoneNumber } from 'libphonenumber-js/min'

/**
 * A telephone number as digits with calling code, by Google's rules: trunk zeros, `(0)`, `00`, extensions and national forms are understood.
 * `undefined` when it is no number, or when nobody can know its country.
 *
 * @param country ISO 3166-1 alpha-2, lower case
 */
export function parsePhone(value: string, country: string | undefined): string | undefined {
  const plain = plainInternational(value)
  if (plain !== undefined) return plain
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

/**
 * `+49 151 …`: most numbers are whole already, and then the library only deletes what is no digit. It costs ten times what the other
 * fields do, so it is asked only where it could know better. A test holds this short way against the library.
 */
function plainInternational(value: string): string | undefined {
  if (!PLAIN.test(value)) return undefined
  const digits = value.replace(NO_DIGIT, '')
  if (digits.length < 10 || digits.length > 13) return undefined
  if (digits.charCodeAt(0) === ONE) return digits.length === 11 && digits.charCodeAt(1) > ONE ? digits : undefined
  return ONLY_ZERO_IS_TRUNK.has(digits.slice(0, 2)) && digits.charCodeAt(2) !== ZERO ? digits : undefined
}

const PLAIN = /^\+[1-9][0-9 ().-]+$/
const NO_DIGIT = /[^0-9]+/g
const ZERO = 48
const ONE = 49

/** Calling codes of countries whose numbers change in no other way than by losing a trunk zero, or not at all. */
const ONLY_ZERO_IS_TRUNK = new Set(
  '20 27 30 31 32 33 34 40 41 43 44 45 46 47 48 49 51 60 62 63 64 65 66 81 82 84 86 90 91 92 94 98'.split(' '),
)
