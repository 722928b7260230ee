import type { NormaliseContext } from './context.js'
import { compact } from './person-name.js'

/**
 * `st`: in the United States and Canada the code of two letters, elsewhere the name in lower case, without punctuation and spaces.
 *
 * Mended: Meta's parameter builder cuts the names of all other states to two letters (`New South Wales` becomes `ne`, Nebraska), and finds
 * a state in any text that contains its name (`Kansas City`); its documentation asks for the whole name.
 *
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/customer-information-parameters
 */
export function normaliseState(value: string, { country }: NormaliseContext): string | undefined {
  const state = compact(value.replace(SUBDIVISION, '$1'))
  if (state.length <= 2) return state || undefined
  const plain = state.normalize('NFD').replace(ACCENTS, '')
  return codeOf(plain, country) ?? state
}

/** `US-CA`: ISO 3166-2. */
const SUBDIVISION = /^\s*(?:us|ca)-([a-z]{2})\s*$/i

const ACCENTS = /\p{M}+/gu

function codeOf(name: string, country: string | undefined): string | undefined {
  for (const [home, states] of Object.entries(STATES)) {
    if ((country === undefined || country === home) && Object.hasOwn(states, name)) return states[name]
  }
  return undefined
}

const STATES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  us: {
    alabama: 'al',
    alaska: 'ak',
    americansamoa: 'as',
    arizona: 'az',
    arkansas: 'ar',
    california: 'ca',
    colorado: 'co',
    connecticut: 'ct',
    delaware: 'de',
    districtofcolumbia: 'dc',
    florida: 'fl',
    georgia: 'ga',
    guam: 'gu',
    hawaii: 'hi',
    idaho: 'id',
    illinois: 'il',
    indiana: 'in',
    iowa: 'ia',
    kansas: 'ks',
    kentucky: 'ky',
    louisiana: 'la',
    maine: 'me',
    maryland: 'md',
    massachusetts: 'ma',
    michigan: 'mi',
    minnesota: 'mn',
    mississippi: 'ms',
    missouri: 'mo',
    montana: 'mt',
    nebraska: 'ne',
    nevada: 'nv',
    newhampshire: 'nh',
    newjersey: 'nj',
    newmexico: 'nm',
    newyork: 'ny',
    northcarolina: 'nc',
    northdakota: 'nd',
    northernmarianaislands: 'mp',
    ohio: 'oh',
    oklahoma: 'ok',
    oregon: 'or',
    pennsylvania: 'pa',
    puertorico: 'pr',
    rhodeisland: 'ri',
    southcarolina: 'sc',
    southdakota: 'sd',
    tennessee: 'tn',
    texas: 'tx',
    utah: 'ut',
    vermont: 'vt',
    virginia: 'va',
    virginislands: 'vi',
    washington: 'wa',
    washingtondc: 'dc',
    westvirginia: 'wv',
    wisconsin: 'wi',
    wyoming: 'wy',
  },
  ca: {
    alberta: 'ab',
    britishcolumbia: 'bc',
    manitoba: 'mb',
    newbrunswick: 'nb',
    newfoundland: 'nl',
    newfoundlandandlabrador: 'nl',
    northwestterritories: 'nt',
    novascotia: 'ns',
    nunavut: 'nu',
    ontario: 'on',
    princeedwardisland: 'pe',
    quebec: 'qc',
    saskatchewan: 'sk',
    yukon: 'yt',
    yukonterritory: 'yt',
  },
}
