import type { Repair } from '../repair.js'
import type { UserData } from '../user-data.js'
import type { NormaliseContext } from './context.js'
import { normaliseCountry } from './country.js'
import { readHashed } from './hashed.js'
import { userDataField } from './user-data-fields.js'
import type { KnownField, UserDataField } from './user-data-fields.js'

export interface NormaliseOptions extends Omit<NormaliseContext, 'country'> {
  /** SHA-256 of the UTF-8 text, as 64 lower-case hexadecimal digits. */
  sha256: (text: string) => string
  /** ISO 3166-1 alpha-2, for people whose event names no country. */
  defaultCountry?: string | undefined
  /** Remembers hashes of values that many people share (countries, cities). Left out, everything is worked out anew. */
  cache?: HashCache | undefined
}

/** A bounded memory, for example a `Map` that is emptied when it is full. */
export interface HashCache {
  get(key: string): string | undefined
  set(key: string, hash: string): void
}

/** Meta sets no bound to the values of one field; nobody has more addresses than this. */
const MAX_VALUES = 20

/** A plain value of personal data that is longer is none. */
const MAX_VALUE_LENGTH = 500

/** User agents and click ids are longer. */
const MAX_PLAIN_LENGTH = 4_000

/**
 * Cleans and hashes the `user_data` of one event: what is plain is normalised by `USER_DATA_FIELDS` and hashed where Meta asks for it, what is
 * hashed passes. A value that cannot be used is left out and named in `repairs`; the rest stays. Applied to its own result it changes nothing.
 */
export function normaliseUserData(
  given: Readonly<Record<string, unknown>>,
  options: NormaliseOptions,
): { userData: UserData; repairs: Repair[] } {
  const repairs: Repair[] = []
  const userData: Record<string, string | string[]> = {}
  let anyRenamed = false
  const context: NormaliseContext = {
    country: countryOfEvent(given, options),
    nowMs: options.nowMs,
    parsePhone: options.parsePhone,
    countryOf: options.countryOf,
  }

  for (const key of Object.keys(given)) {
    const value = given[key]
    if (value === undefined || value === null) continue
    const known = userDataField(key)
    if (known === undefined) {
      // An unknown key is not repeated: it may itself be personal.
      repairs.push({ code: 'unknown_user_data_dropped', path: 'user_data' })
      continue
    }
    const { name, field } = known
    const cleaned = field.hashed
      ? hashedValues(value, known, context, options, repairs)
      : plainValue(value, known, context, repairs)
    if (name !== key) {
      repairs.push({ code: 'user_data_renamed', path: `user_data.${name}` })
      anyRenamed = true
    }
    if (cleaned !== undefined) userData[name] = anyRenamed ? joined(userData[name], cleaned) : cleaned
  }
  return { userData, repairs }
}

/** The event's own country decides how its telephone numbers, states, postcodes and dates are read. */
function countryOfEvent(given: Readonly<Record<string, unknown>>, { defaultCountry, countryOf }: NormaliseOptions) {
  const countries = given.country ?? given.cn
  const own: unknown = Array.isArray(countries) ? countries[0] : countries
  return (typeof own === 'string' ? normaliseCountry(own, { countryOf }) : undefined) ?? defaultCountry?.toLowerCase()
}

function hashedValues(
  value: unknown,
  known: KnownField,
  context: NormaliseContext,
  options: NormaliseOptions,
  repairs: Repair[],
): string[] | undefined {
  if (!Array.isArray(value)) {
    const hash = hashOf(value, known, context, options)
    if (hash !== undefined) return [hash]
    repairs.push({ code: `${known.name}_dropped`, path: `user_data.${known.name}` })
    return undefined
  }
  const hashes = new Set<string>()
  for (let index = 0; index < value.length && index < MAX_VALUES; index++) {
    const hash = hashOf(value[index], known, context, options)
    if (hash !== undefined) hashes.add(hash)
    else repairs.push({ code: `${known.name}_dropped`, path: `user_data.${known.name}[${index}]` })
  }
  if (value.length > MAX_VALUES) repairs.push({ code: 'user_data_cut', path: `user_data.${known.name}` })
  return hashes.size > 0 ? [...hashes] : undefined
}

function hashOf(
  value: unknown,
  { name, field }: KnownField,
  context: NormaliseContext,
  { sha256, cache }: NormaliseOptions,
): string | undefined {
  const text = asText(value, MAX_VALUE_LENGTH)
  if (text === undefined) return undefined
  if (cache === undefined || field.shared !== true) return cleanedAndHashed(text, field, context, sha256)
  // How a state or a postcode is read depends on the country.
  const key = `${name} ${context.country} ${text}`
  const remembered = cache.get(key)
  if (remembered !== undefined) return remembered
  const hash = cleanedAndHashed(text, field, context, sha256)
  if (hash !== undefined) cache.set(key, hash)
  return hash
}

function cleanedAndHashed(
  text: string,
  field: UserDataField,
  context: NormaliseContext,
  sha256: (text: string) => string,
): string | undefined {
  const trimmed = text.trim()
  if (trimmed === '') return undefined
  const hashed = readHashed(trimmed, field.md5 === true)
  if (hashed !== undefined) return hashed
  const normalised = field.normalise(trimmed, context)
  return normalised === undefined ? undefined : sha256(normalised)
}

function plainValue(
  value: unknown,
  { name, field }: KnownField,
  context: NormaliseContext,
  repairs: Repair[],
): string | undefined {
  const text = asText(Array.isArray(value) ? value[0] : value, MAX_PLAIN_LENGTH)
  const cleaned = text === undefined ? undefined : field.normalise(text, context)
  if (cleaned === undefined) repairs.push({ code: `${name}_dropped`, path: `user_data.${name}` })
  return cleaned
}

/** Numbers are taken as their decimal text, as the pixel does. */
function asText(value: unknown, maxLength: number): string | undefined {
  if (typeof value === 'string') return value.length <= maxLength ? value : undefined
  return typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : undefined
}

/** A field that came under two names keeps the values of both. */
function joined(before: string | string[] | undefined, after: string | string[]): string | string[] {
  return Array.isArray(before) && Array.isArray(after) ? [...new Set([...before, ...after])] : after
}
