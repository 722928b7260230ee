import { isIP } from 'node:net'
import proxyAddr from 'proxy-addr'
import { getDomain } from 'tldts'
import { Secret } from '../secret.js'

/** One given value after its check: what it means, or what is wrong with it (the name is put before it). */
export type Parsed<T> = { ok: true; value: T } | { ok: false; problem: string }

/** Reads one setting. `given` is text from the environment or a file, or any JSON value from the configuration file. */
export type Parse<T> = (given: unknown) => Parsed<T>

const good = <T>(value: T): Parsed<T> => ({ ok: true, value })
const bad = (problem: string): Parsed<never> => ({ ok: false, problem })

/** Quotes what was given, short; never used for secrets. */
function got(given: unknown): string {
  const text = typeof given === 'string' ? given : JSON.stringify(given)
  return `got \`${text.length > 60 ? `${text.slice(0, 60)}…` : text}\``
}

/** Text that matches a pattern. */
export const text =
  (pattern: RegExp, expected: string): Parse<string> =>
  (given) =>
    typeof given === 'string' && pattern.test(given) ? good(given) : bad(`must be ${expected}, ${got(given)}`)

/** Meta's ids are digits; JSON files often hold them as numbers, which is safe below 2^53. */
export const pixelId: Parse<string> = (given) => {
  const id = Number.isSafeInteger(given) ? String(given) : given
  return typeof id === 'string' && /^\d{1,20}$/.test(id)
    ? good(id)
    : bad(`must be the digits of a pixel id, as text, ${got(given)}`)
}

export const wholeNumber =
  (min: number, max: number): Parse<number> =>
  (given) => {
    const number = typeof given === 'string' && /^\d+$/.test(given) ? Number(given) : given
    return Number.isInteger(number) && (number as number) >= min && (number as number) <= max
      ? good(number as number)
      : bad(`must be a whole number from ${min} to ${max}, ${got(given)}`)
  }

const UNITS: Record<string, number> = { '': 1, b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3, tb: 1024 ** 4 }

/** Bytes, as a number or with a unit: `65536`, `64kb`, `2 GB` (1 kB is 1,024 bytes). */
export const bytes =
  (min: number): Parse<number> =>
  (given) => {
    const [, digits, unit] = /^(\d+(?:\.\d+)?)\s*([kmgt]?b)?$/i.exec(String(given).trim()) ?? []
    const size = Math.round(Number(digits) * (UNITS[unit?.toLowerCase() ?? ''] ?? NaN))
    return size >= min && Number.isSafeInteger(size)
      ? good(size)
      : bad(`must be at least ${min} bytes, for example 64kb or 2gb, ${got(given)}`)
  }

export const oneOf =
  (...words: string[]): Parse<string> =>
  (given) =>
    words.includes(given as string) ? good(given as string) : bad(`must be one of ${words.join(', ')}, ${got(given)}`)

/** A secret is one printable word. What was given is never shown. */
export const secret =
  (minLength = 1): Parse<Secret> =>
  (given) => {
    const word = typeof given === 'string' ? given.trim() : ''
    if (!/^[\x21-\x7e]+$/.test(word)) return bad('must be printable text without spaces')
    return word.length < minLength ? bad(`must be at least ${minLength} characters long`) : good(new Secret(word))
  }

/** The parts of `a, b c` or `["a", "b"]`, each read by `parse`; all wrong ones are named. */
export const listOf =
  <T>(parse: Parse<T>): Parse<T[]> =>
  (given) => {
    const parts = typeof given === 'string' ? given.split(/[\s,]+/).filter(Boolean) : given
    if (!Array.isArray(parts)) return bad('must be a list')
    const parsed = parts.map(parse)
    const problems = parsed.flatMap((part) => (part.ok ? [] : [part.problem]))
    return problems.length > 0
      ? bad(problems.join('; '))
      : good(parsed.flatMap((part) => (part.ok ? [part.value] : [])))
  }

const ORIGIN = /^(https?:\/\/)(\*\.)?([^/?#@*\s]+)\/?$/i

/** `https://shop.example.com`, or `https://*.example.com` for every subdomain of it. */
export const origin: Parse<string> = (given) => {
  const [, scheme, wildcard = '', host] = typeof given === 'string' ? (ORIGIN.exec(given) ?? []) : []
  if (!scheme || !host || !URL.canParse(scheme + host)) {
    return bad(`must be origins like https://shop.example.com or https://*.example.com, ${got(given)}`)
  }
  const url = new URL(scheme + host)
  return good(`${url.protocol}//${wildcard}${url.host}`)
}

/** An address that can be asked, without the slash at its end. No user, query or fragment. */
export const httpUrl: Parse<string> = (given) => {
  if (typeof given === 'string' && URL.canParse(given)) {
    const url = new URL(given)
    const plain = !url.username && !url.password && !url.search && !url.hash
    if (plain && /^https?:$/.test(url.protocol)) return good(url.href.replace(/\/+$/, ''))
  }
  return bad('must be an address that begins with https:// or http://, without user, query or fragment')
}

/** Where the queue is. It may hold a password: only its scheme is ever shown. */
export const queueUrl: Parse<string> = (given) => {
  return typeof given === 'string' && /^(sqlite:.+|postgres(ql)?:\/\/.+|nats:\/\/.+|direct:)$/.test(given)
    ? good(given)
    : bad('must begin with sqlite:, postgres:// or nats://, or be direct:')
}

/** How many proxies to believe, or the networks they are in. */
export const proxies: Parse<number | readonly string[]> = (given) => {
  const hops = wholeNumber(0, 32)(given)
  if (hops.ok) return hops
  const networks = listOf(network)(given)
  return networks.ok && networks.value.length > 0
    ? networks
    : bad(
        `must be a number of proxies from 0 to 32, or networks like 10.0.0.0/8, loopback or uniquelocal, ${got(given)}`,
      )
}

const network: Parse<string> = (given) => {
  try {
    if (typeof given !== 'string') return bad('is no network')
    proxyAddr.compile(given)
    return good(given)
  } catch {
    return bad('is no network')
  }
}

/** A host's name or address to listen on. */
export const host: Parse<string> = (given) =>
  typeof given === 'string' && (isIP(given) > 0 || /^[a-z0-9-]+(\.[a-z0-9-]+)*$/i.test(given))
    ? good(given)
    : bad(`must be an address or a host's name, ${got(given)}`)

/** A domain that browsers let a site set cookies for: never a public suffix such as `co.uk`. */
export const cookieDomain: Parse<string> = (given) => {
  const name = typeof given === 'string' ? given.replace(/^\./, '').toLowerCase() : ''
  return /^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(name) && getDomain(name, { allowPrivateDomains: true }) !== null
    ? good(name)
    : bad(`must be a domain of your own, for example example.com, ${got(given)}`)
}

const REGIONS = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' })

/** ISO 3166-1 alpha-2. */
export const country: Parse<string> = (given) => {
  const code = typeof given === 'string' ? given.toUpperCase() : ''
  return /^[A-Z]{2}$/.test(code) && REGIONS.of(code) !== undefined
    ? good(code)
    : bad(`must be a country's two letters, for example DE, ${got(given)}`)
}

/** A path of this server, to the letter. */
export const path = text(/^\/[\w.~/-]+$/, 'a path like /tracker.js')
