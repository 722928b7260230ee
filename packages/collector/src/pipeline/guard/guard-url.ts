import { findPersonal, REMOVED } from './personal-text.js'
import { sensitivity } from './sensitive-keys.js'

/**
 * An address without personal data: user and password, parameters that are personal by name or value, e-mail addresses and telephone
 * numbers in the path. Everything else stays byte for byte; the same text is returned when there was nothing.
 */
export function guardUrl(url: string): string {
  const pageEnd = url.search(QUERY_OR_HASH)
  if (pageEnd < 0) return guardPage(url)
  const hashAt = indexOrEnd(url, '#')
  const query = url.slice(pageEnd, hashAt)
  const hash = url.slice(hashAt)
  return guardPage(url.slice(0, pageEnd)) + guardParameters(query) + guardHash(hash)
}

const QUERY_OR_HASH = /[?#]/

function indexOrEnd(text: string, sign: string): number {
  const index = text.indexOf(sign)
  return index < 0 ? text.length : index
}

/** In front of the host: `https://user:password@…`. */
const USER_AND_PASSWORD = /^([a-z][a-z0-9+.-]*:\/\/)[^/]*@/i

function guardPage(page: string): string {
  return guardValue(page.includes('@') ? page.replace(USER_AND_PASSWORD, '$1') : page)
}

/** `#access_token=…&…`, `#/path?email=…`, or a plain anchor. */
function guardHash(hash: string): string {
  const queryAt = hash.indexOf('?')
  return queryAt < 0 ? guardAnchor(hash) : guardAnchor(hash.slice(0, queryAt)) + guardParameters(hash.slice(queryAt))
}

function guardAnchor(anchor: string): string {
  return anchor.includes('=') ? guardParameters(anchor) : guardValue(anchor)
}

function guardValue(text: string): string {
  const found = findPersonal(text)
  return found.kind === 'clean' ? text : found.kind === 'parts' ? found.text : REMOVED
}

/** A sign and the parameters behind it that may stay; nothing when none may. */
function guardParameters(text: string): string {
  if (text.length <= 1) return text
  const given = text.slice(1).split('&')
  const kept = given.filter((parameter) => !isPersonal(parameter))
  if (kept.length === given.length) return text
  return kept.length > 0 ? text.charAt(0) + kept.join('&') : ''
}

function isPersonal(parameter: string): boolean {
  const equals = parameter.indexOf('=')
  if (equals < 0 || equals === parameter.length - 1) return findPersonal(parameter).kind !== 'clean'
  const kind = sensitivity(decoded(parameter.slice(0, equals)))
  const value = parameter.slice(equals + 1)
  if (kind === 'always' || (kind === 'with_digits' && MANY_DIGITS.test(value))) return true
  return findPersonal(value).kind !== 'clean'
}

/** Six digits at least, whatever stands between them. */
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
