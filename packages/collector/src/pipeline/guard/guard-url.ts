import { findPersonal, REMOVED } from './personal-text.js'
import { sensitivity } from './sensitive-keys.js'

/**
 * An address without personal data: user and password, parameters that are personal by name or value, e-mail addresses and telephone
 * numbers in the path. Everything else stays byte for byte; the same text is returned when there was nothing.
 */
export function guardUrl(url: string): string {
  const queryAt = indexOrEnd(url, '?')
  const hashAt = indexOrEnd(url, '#')
  const pageEnd = Math.min(queryAt, hashAt)
  const page = guardPage(url.slice(0, pageEnd))
  const query = queryAt < hashAt ? guardParameters(url.slice(queryAt + 1, hashAt), '?') : ''
  const hash = hashAt < url.length ? guardHash(url.slice(hashAt + 1)) : ''
  const guarded = page + query + hash
  return guarded === url ? url : guarded
}

function indexOrEnd(text: string, sign: string): number {
  const index = text.indexOf(sign)
  return index < 0 ? text.length : index
}

const USER_AND_PASSWORD = /^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@(?=[^/]*)/i

function guardPage(page: string): string {
  const found = findPersonal(page.replace(USER_AND_PASSWORD, '$1'))
  return found.kind === 'parts' ? found.text : page.replace(USER_AND_PASSWORD, '$1')
}

/** `#access_token=…&…`, `#/path?email=…`, or a plain anchor. */
function guardHash(hash: string): string {
  const queryAt = hash.indexOf('?')
  if (queryAt >= 0) return `#${guardValue(hash.slice(0, queryAt))}${guardParameters(hash.slice(queryAt + 1), '?')}`
  return hash.includes('=') ? guardParameters(hash, '#') : `#${guardValue(hash)}`
}

function guardValue(text: string): string {
  const found = findPersonal(text)
  return found.kind === 'clean' ? text : found.kind === 'parts' ? found.text : REMOVED
}

/** The parameters that may stay, with the sign in front; nothing when none may. */
function guardParameters(text: string, sign: string): string {
  if (text === '') return sign
  const given = text.split('&')
  const kept = given.filter((parameter) => !isPersonal(parameter))
  return kept.length > 0 ? sign + kept.join('&') : ''
}

function isPersonal(parameter: string): boolean {
  const equals = parameter.indexOf('=')
  if (equals < 0) return findPersonal(parameter).kind !== 'clean'
  const value = parameter.slice(equals + 1)
  if (value === '') return findPersonal(parameter).kind !== 'clean'
  const kind = sensitivity(decoded(parameter.slice(0, equals)))
  if (kind === 'always' || (kind === 'with_digits' && MANY_DIGITS.test(value))) return true
  // A plus is a space here, except as the first sign of a telephone number.
  return findPersonal(parameter.slice(0, equals)).kind !== 'clean' || findPersonal(value).kind !== 'clean'
}

export const MANY_DIGITS = /(?:\d[^\d]{0,3}){6}/

function decoded(key: string): string {
  if (!key.includes('%')) return key
  try {
    return decodeURIComponent(key)
  } catch {
    // Half a percent sign: compare it as it stands.
    return key
  }
}
