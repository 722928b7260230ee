import { readFileSync } from 'node:fs'
import { SettingsError } from '../errors.js'
import type { Pixel } from '../pixels.js'
import type { Settings } from '../settings.js'
import { errorCode, fromEnvironment, fromObject } from './given.js'
import type { Environment, Given, ReadFile } from './given.js'
import { SETTINGS } from './table.js'
import type { Setting, SettingKey } from './table.js'
import { unknownKeys, unknownVariables } from './unknown-names.js'

/** Where settings come from. */
export interface SettingsSources {
  /** @defaultValue `process.env` */
  env?: Environment
  /** @defaultValue reads from disk */
  readFile?: ReadFile
  /** The configuration file. @defaultValue `CONFIG_FILE`, else `pixel-mirror.config.json` if there is one */
  configFile?: string
}

/** The file that is read without being named. */
export const DEFAULT_CONFIG_FILE = 'pixel-mirror.config.json'

/** The pixel that is collected for while none is set: the built-in sandbox knows it. */
const SANDBOX_PIXEL_ID = '1234567890'

/** What an entry of `pixels` in the configuration file may hold beside its `id`. */
const PIXEL_KEYS = ['accessToken', 'testEventCode', 'appSecret', 'allowedOrigins'] as const

const KEYS = Object.keys(SETTINGS) as SettingKey[]

/**
 * Reads and checks all settings: environment first, then the configuration file, then the defaults.
 *
 * @throws SettingsError with every problem at once
 */
export function loadSettings(sources: SettingsSources = {}): Settings {
  const { env = process.env, readFile = (path) => readFileSync(path, 'utf8') } = sources
  const problems = unknownVariables(env)
  const file = readConfigFile(sources.configFile ?? env['CONFIG_FILE'], readFile, problems)
  problems.push(...unknownKeys(file.content, KEYS, ['pixels'], file.name))

  const values: Partial<Record<SettingKey, unknown>> = {}
  for (const key of KEYS) {
    const setting: Setting = SETTINGS[key]
    const given = fromEnvironment(setting, env, readFile) ?? fromObject(setting, key, file.content, file.name, readFile)
    values[key] = check(setting, given, problems) ?? setting.fallback
  }

  const { pixelId: id, accessToken, testEventCode, appSecret, allowedOrigins, ...others } = values
  const single = { accessToken, testEventCode, appSecret, allowedOrigins }
  const pixels = readPixels(file, { allowedOrigins }, readFile, problems)
  if (id !== undefined) pixels.unshift(defined<Pixel>({ id, ...single }))
  if (id === undefined && accessToken !== undefined) problems.push('META_ACCESS_TOKEN is set, but META_PIXEL_ID is not')
  problems.push(...contradictions(pixels))
  if (others.port !== 0 && others.port === others.adminPort) problems.push('ADMIN_PORT must differ from PORT')
  if (problems.length > 0) throw new SettingsError(problems)

  const sandbox = pixels.every((pixel) => pixel.accessToken === undefined)
  if (pixels.length === 0) pixels.push(defined<Pixel>({ id: SANDBOX_PIXEL_ID, ...single }))
  return defined<Settings>({ ...others, pixels, sandbox })
}

interface ConfigFile {
  name: string
  content: Readonly<Record<string, unknown>>
}

function readConfigFile(named: string | undefined, readFile: ReadFile, problems: string[]): ConfigFile {
  const name = named || DEFAULT_CONFIG_FILE
  let text: string
  try {
    text = readFile(name)
  } catch (error) {
    const code = errorCode(error)
    if (named || code !== 'ENOENT') problems.push(`The configuration file ${name} cannot be read (${code})`)
    return { name, content: {} }
  }
  try {
    const content: unknown = JSON.parse(text)
    if (isObject(content)) return { name, content }
    problems.push(`${name} must hold a JSON object`)
  } catch {
    // The parser's own message would quote the text, and with it perhaps a token.
    problems.push(`${name} is not JSON`)
  }
  return { name, content: {} }
}

function readPixels(file: ConfigFile, fallback: object, readFile: ReadFile, problems: string[]): Pixel[] {
  const entries = file.content['pixels'] ?? []
  if (!Array.isArray(entries)) {
    problems.push(`${file.name}: pixels must be a list`)
    return []
  }
  return entries.map((entry: unknown, index) => {
    const where = `${file.name}: pixels[${index}]`
    const object = isObject(entry) ? entry : {}
    problems.push(...unknownKeys(object, PIXEL_KEYS, ['id'], where))
    const values: Record<string, unknown> = {
      id: check(SETTINGS.pixelId, { value: object['id'], name: `${where}: id` }, problems) ?? '',
    }
    for (const key of PIXEL_KEYS) {
      values[key] = check<unknown>(SETTINGS[key], fromObject(SETTINGS[key], key, object, where, readFile), problems)
    }
    return { ...fallback, ...defined<Pixel>(values) }
  })
}

/** The given value after its check; a problem is written down. */
function check<T>(setting: Setting<T>, given: Given, problems: string[]): T | undefined {
  if (given === undefined) return undefined
  const parsed = 'value' in given ? setting.parse(given.value) : undefined
  if (parsed?.ok) return parsed.value
  problems.push('value' in given ? `${given.name} ${parsed?.problem}` : given.unreadable)
  return undefined
}

function contradictions(pixels: readonly Pixel[]): string[] {
  const ids = pixels.map(({ id }) => id).filter(Boolean)
  const twice = new Set(ids.filter((id, index) => ids.indexOf(id) < index))
  const tokenless = pixels.filter(({ accessToken }) => accessToken === undefined)
  return [
    ...Array.from(twice, (id) => `Pixel ${id} is there twice`),
    ...(tokenless.length < pixels.length ? tokenless : []).map(
      ({ id }) => `Pixel ${id} has no access token, but others have`,
    ),
  ]
}

/** Leaves out what is not set: an optional field is absent, never `undefined`. The checks above have seen to the types. */
function defined<T>(values: Readonly<Record<string, unknown>>): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
