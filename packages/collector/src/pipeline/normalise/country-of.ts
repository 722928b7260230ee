import { isCountryCode } from '@pixel-mirror/common'

/** Languages in which shops name countries. Each costs a few kilobytes and, once, half a millisecond. */
const LANGUAGES =
  'en de fr es it pt pt-PT nl sv da nb fi is pl cs sk hu ro bg hr sr sl et lv lt el tr ru uk he ar hi th vi id ms ja ko zh zh-Hant'.split(
    ' ',
  )

/** Names in use that the tables of the runtime do not have: former, official and everyday ones. */
const ALSO: Readonly<Record<string, string>> = {
  ae: 'UAE',
  by: 'Wit-Rusland|Weißrussland|Biélorussie|Bielorussia|Bielorrusia',
  bo: 'Bolivia, Plurinational State of',
  cd: 'Democratic Republic of the Congo|Congo, The Democratic Republic of the',
  ci: 'Ivory Coast|Elfenbeinküste|Costa de Marfil',
  cv: 'Cape Verde',
  cz: 'Czech Republic|Tschechische Republik|Tschechei|République tchèque|Repubblica Ceca|República Checa|Tsjechische Republiek',
  gb: 'Großbritannien|England|Schottland|Grande-Bretagne|Angleterre|Gran Bretagna|Inghilterra|Gran Bretaña|Inglaterra|Grã-Bretanha|Groot-Brittannië|United Kingdom of Great Britain and Northern Ireland|Great Britain',
  ie: 'Republic of Ireland|Eire',
  ir: 'Iran, Islamic Republic of|Islamic Republic of Iran|Irão',
  kp: "Korea, Democratic People's Republic of",
  kr: 'Republic of Korea|Korea, Republic of|Korea',
  la: "Lao People's Democratic Republic",
  md: 'Moldova, Republic of|Republic of Moldova|Moldawien',
  mk: 'Macedonia|The former Yugoslav Republic of Macedonia|Mazedonien',
  mm: 'Burma',
  nl: 'Holland|The Netherlands|Hollande|Olanda|Holanda',
  ru: 'Russian Federation|Russische Föderation|Fédération de Russie|Federazione Russa|Federación Rusa',
  sy: 'Syrian Arab Republic',
  sz: 'Swaziland',
  tr: 'Turkey',
  tt: 'Trinidad and Tobago',
  tw: 'Taiwan, Province of China',
  tz: 'Tanzania, United Republic of|United Republic of Tanzania',
  us: "America|United States of America|Vereinigte Staaten von Amerika|États-Unis d'Amérique|Stati Uniti d'America|Estados Unidos de América|Estados Unidos da América|Verenigde Staten van Amerika|Amerikas Förenta Stater|Stany Zjednoczone Ameryki",
  va: 'Holy See|Vatican',
  ve: 'Venezuela, Bolivarian Republic of',
  vn: 'Viet Nam|Vietname',
}

/**
 * The ISO 3166-1 alpha-2 code, lower case, of a country's name in any of the languages above. The names are the runtime's own (Unicode CLDR).
 *
 * Languages are read one after the other, when a name was in none before: all of them at once would hold up everybody else for a moment.
 */
export function countryOf(name: string): string | undefined {
  const wanted = folded(name)
  if (CODE_LIKE.test(wanted)) return undefined
  let code = names.get(wanted)
  while (code === undefined && unread.length > 0) {
    readNext()
    code = names.get(wanted)
  }
  return code
}

/** Two Latin letters are a code, and no abbreviation in some language. */
const CODE_LIKE = /^[a-z]{0,2}$/

const names = new Map<string, string>()
const unread = ['', ...LANGUAGES]

function readNext(): void {
  const language = unread.shift()
  const found = language
    ? namesIn(language)
    : Object.entries(ALSO).flatMap(([code, list]) => pairs(code, list.split('|')))
  // The first to use a name keeps it, where two languages mean two countries by it.
  for (const [name, code] of found) if (!names.has(name)) names.set(name, code)
}

function namesIn(language: string): [name: string, code: string][] {
  const codes = allCodes()
  return (['long', 'short'] as const).flatMap((style) => {
    const display = new Intl.DisplayNames(language, { type: 'region', fallback: 'none', style })
    return codes.flatMap((code) => pairs(code, [display.of(code.toUpperCase()) ?? '']))
  })
}

function pairs(code: string, list: readonly string[]): [name: string, code: string][] {
  return list.map((name) => [folded(name), code])
}

function allCodes(): string[] {
  const letters = [...'abcdefghijklmnopqrstuvwxyz']
  return letters.flatMap((first) => letters.map((second) => first + second)).filter(isCountryCode)
}

/** Without case, accents, spaces and punctuation; `&` and `St.` as words. */
function folded(name: string): string {
  return name
    .toLowerCase()
    .replaceAll('&', ' and ')
    .replace(/\bst\.\s/g, 'saint ')
    .normalize('NFD')
    .replace(/\p{M}+/gu, '')
    .replace(/[^\p{L}]+/gu, '')
}
