import type { Environment } from './given.js'
import { nearMiss } from './near-miss.js'
import { SETTINGS } from './table.js'
import type { Setting } from './table.js'

const SETTING_OF_KEY: Readonly<Record<string, Setting>> = SETTINGS

const VARIABLES = [
  'CONFIG_FILE',
  ...Object.values(SETTING_OF_KEY).flatMap(({ env, secret }) => (secret ? [env, `${env}_FILE`] : [env])),
]

/** Variables that only look like settings, so that a slip of the pen does not pass unnoticed. */
export function unknownVariables(env: Environment): string[] {
  return Object.keys(env).flatMap((name) => {
    if (!env[name] || VARIABLES.includes(name)) return []
    const meant = nearMiss(name, VARIABLES)
    return meant !== undefined || name.startsWith('META_') ? [`${name} is not a setting${didYouMean(meant)}`] : []
  })
}

/** Keys of an object in the configuration file that mean nothing. `where` names the object. */
export function unknownKeys(object: object, settingKeys: readonly string[], others: string[], where: string): string[] {
  const known = [
    ...others,
    ...settingKeys.flatMap((key) => (SETTING_OF_KEY[key]?.secret ? [key, `${key}File`] : [key])),
  ]
  return Object.keys(object)
    .filter((key) => !known.includes(key))
    .map((key) => `${where}: ${key} is not a setting${didYouMean(keyOf(key, known) ?? nearMiss(key, known))}`)
}

/** In the file settings stand without `META_`, which only tells their variables from those of other programs. */
function keyOf(written: string, known: readonly string[]): string | undefined {
  const bare = (name: string) =>
    name
      .replace(/^meta_?/i, '')
      .replaceAll('_', '')
      .toLowerCase()
  return known.find((key) => bare(key) === bare(written))
}

function didYouMean(name: string | undefined): string {
  return name === undefined ? '' : `; did you mean ${name}?`
}
