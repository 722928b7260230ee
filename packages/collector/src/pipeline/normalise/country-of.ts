import { isCountryCode } from '@pixel-mirror/common'

/** Languages in which shops name countries. Each costs a few kilobytes and, once, half a millisecond. */
const LANGUAGES =
  'en de fr es it pt nl sv da nb fi is pl cs sk hu ro bg hr sr sl et lv lt el tr ru uk he ar hi th vi id ms ja ko zh zh-Hant'.split(
    ' ',
  )

/** Names in everyday use that the tables of the runtime do not have. */
const ALSO: Readonly<Record<string, string>> = {
  america: 'us',
  holland: 'nl',
  'czech republic': 'cz',
  'republic of ireland': 'ie',
  'republic of korea': 'kr',
  'korea, republic of': 'kr',
  'russian federation': 'ru',
  'viet nam': 'vn',
  'ivory coast': 'ci',
  macedonia: 'mk',
  burma: 'mm',
  swaziland: 'sz',
  'cape verde': 'cv',
  uae: 'ae',
}

/** The ISO 3166-1 alpha-2 code, lower case, of a country's name in any of the languages above. The names are the runtime's own (Unicode CLDR). */
export function countryOf(name: string): string | undefined {
  names ??= readNames()
  return names.get(folded(name))
}

let names: ReadonlyMap<string, string> | undefined

function readNames(): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const language of LANGUAGES) {
    const display = new Intl.DisplayNames(language, { type: 'region', fallback: 'none' })
    for (const code of allCodes()) {
      const name = display.of(code.toUpperCase())
      // The first language wins where two use one name for two countries.
      if (name !== undefined && !found.has(folded(name))) found.set(folded(name), code)
    }
  }
  for (const [name, code] of Object.entries(ALSO)) found.set(folded(name), code)
  return found
}

function allCodes(): string[] {
  const letters = [...'abcdefghijklmnopqrstuvwxyz']
  return letters.flatMap((first) => letters.map((second) => first + second)).filter(isCountryCode)
}

/** Without case, accents, spaces and punctuation, and without the article and the form of government. */
function folded(name: string): string {
  return name
    .toLowerCase()
    .normalize('NFD')
    .replace(/\p{M}+/gu, '')
    .replace(/[^\p{L}]+/gu, '')
}
