import { MATCH_KEYS } from '../pipeline/match-memory.js'
import type { MatchData, MatchKey, MatchMemory } from '../pipeline/match-memory.js'

/**
 * The cookie in which a browser keeps what its visitor has said, one for each pixel: `1.em.<hash>.ph.<hash>`, each hash in base64url.
 *
 * Only hashes, 600 bytes at most. No script can read it (`HttpOnly`), no page of another site makes the browser send it (`SameSite=Lax`), and no
 * host but this one gets it (no `Domain`); by HTTPS its name begins with `__Host-`, so that no other host can write it either. It is neither
 * signed nor encrypted: who changes his own cookie can do no more than with an event of his own.
 *
 * @see https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Set-Cookie#cookie_prefixes
 */
const NAME = 'pixel_mirror_match_'

/** The layout of the value. Another one is not read. */
const VERSION = '1'

const COOKIE = /(?:^|;\s*)(__Host-)?pixel_mirror_match_(\d{1,20})=([^;]*)/g

/** What the cookies of a request say, by pixel. A damaged or foreign one says nothing, and is forgotten. */
export function readMatchCookies(header: string | undefined, secure: boolean): MatchMemory {
  const memory = new Map<string, MatchData>()
  if (!header?.includes(NAME)) return memory
  for (const [, prefix, pixelId, value] of header.matchAll(COOKIE)) {
    if ((prefix !== undefined) === secure) memory.set(pixelId!, parse(value!.trim()) ?? {})
  }
  return memory
}

/**
 * A `Set-Cookie` line.
 *
 * @param data what is to be remembered; empty to forget
 */
export function matchCookieLine(pixelId: string, data: MatchData, days: number, secure: boolean): string {
  const value = format(data)
  const maxAgeS = value === '' ? 0 : days * 86_400
  const name = `${secure ? '__Host-' : ''}${NAME}${pixelId}`
  return `${name}=${value}; Max-Age=${maxAgeS}; Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`
}

function format(data: MatchData): string {
  const parts = MATCH_KEYS.flatMap((key) => {
    const hash = data[key]
    return hash === undefined ? [] : [key, Buffer.from(hash, 'hex').toString('base64url')]
  })
  return parts.length === 0 ? '' : [VERSION, ...parts].join('.')
}

/** Reads what `format()` has written, and nothing else: any difference, and it is none of ours. */
function parse(value: string): MatchData | undefined {
  const [, ...parts] = value.split('.')
  const data: Partial<Record<MatchKey, string>> = {}
  for (let index = 0; index + 1 < parts.length; index += 2) {
    data[parts[index] as MatchKey] = Buffer.from(parts[index + 1]!, 'base64url').toString('hex')
  }
  const isWhole = Object.values(data).every((hash) => hash.length === 64)
  return isWhole && format(data) === value ? data : undefined
}
