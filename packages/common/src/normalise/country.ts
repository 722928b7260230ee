import { fromAlpha3, isCountryCode } from '../country-codes.js'
import type { NormaliseContext } from './context.js'

/**
 * `country`: ISO 3166-1 alpha-2, lower case.
 *
 * Mended: Meta's parameter builder passes any two letters (`uk`) and otherwise guesses from the first two of the name (`Deutschland` is right
 * by luck, `England` becomes `en`). Here codes of three letters and names are looked up, and what is no country is left out.
 *
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/customer-information-parameters
 */
export function normaliseCountry(
  value: string,
  { countryOf }: Pick<NormaliseContext, 'countryOf'>,
): string | undefined {
  const name = value.trim().toLowerCase()
  const code = name.replace(NO_LETTER, '')
  const known =
    (Object.hasOwn(EVERYDAY, code) ? EVERYDAY[code] : undefined) ??
    (code.length === 2 ? code : code.length === 3 ? fromAlpha3(code) : undefined)
  return known !== undefined && isCountryCode(known) ? known : countryOf?.(name)
}

const NO_LETTER = /[^a-z]+/g

/** What people write although it is no code and no country's name. */
const EVERYDAY: Readonly<Record<string, string>> = {
  uk: 'gb',
  el: 'gr',
  us: 'us',
  unitedstates: 'us',
  unitedstatesofamerica: 'us',
  unitedkingdom: 'gb',
  greatbritain: 'gb',
  england: 'gb',
  scotland: 'gb',
  wales: 'gb',
  northernireland: 'gb',
}
