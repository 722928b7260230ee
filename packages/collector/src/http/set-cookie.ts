import type { IncomingMessage } from 'node:http'
import { renewedCookies, sameSite } from '../pipeline/enrich/renewed-cookies.js'
import type { RenewedCookie } from '../pipeline/enrich/renewed-cookies.js'
import { FORGOTTEN } from '../pipeline/match-memory.js'
import type { MatchMemory } from '../pipeline/match-memory.js'
import type { Identity, Received } from '../pipeline/received.js'
import { matchCookieLine, readMatchCookies } from './match-cookie.js'
import { hostnameOf } from './origins.js'
import type { Door } from './door.js'
import type { Handle } from './error-reply.js'
import type { Receiver } from './received.js'
import { reply } from './reply.js'
import type { Headers } from './reply.js'

/** The headers that renew a visitor's cookies. */
export type CookieHeaders = (req: IncomingMessage, received: Received, identity: Identity) => Headers

export interface CookieSettings {
  /** The domain to write. @defaultValue the registrable domain of the request's host */
  cookieDomain?: string | undefined
  /** How long what a visitor has said is remembered, in days. */
  rememberMatchDataDays: number
}

export function createCookieHeaders(receiver: Receiver, settings: CookieSettings): CookieHeaders {
  const { cookieDomain, rememberMatchDataDays } = settings
  return function cookieHeaders(req, received, identity) {
    if (received.sender !== 'browser') return NONE
    const secure = receiver.isSecure(req)
    const host = hostnameOf(receiver.host(req))
    const cookies = renewedCookies(received, host, { identity, cookieDomain, secure }).map(cookieLine)
    if (identity.matchMemory && sameSite(received.origin, host)) {
      cookies.push(...matchCookieLines(identity.matchMemory, rememberMatchDataDays, secure))
    }
    return cookies.flatMap((cookie) => ['Set-Cookie', cookie])
  }
}

function matchCookieLines(memory: MatchMemory, days: number, secure: boolean): string[] {
  return Array.from(memory, ([pixelId, data]) => matchCookieLine(pixelId, data, days, secure))
}

/** `DELETE` on the events' path: the browser forgets what its visitor has said, for example when somebody logs out. */
export function forgetMatchData(door: Door, receiver: Receiver): Handle {
  return function forgetMatchData(ctx) {
    door.enter(ctx)
    const secure = receiver.isSecure(ctx.req)
    const memory = readMatchCookies(ctx.req.headers.cookie, secure)
    const lines = Array.from(memory.keys(), (pixelId) => matchCookieLine(pixelId, FORGOTTEN, 0, secure))
    reply(
      ctx,
      204,
      lines.flatMap((line) => ['Set-Cookie', line]),
      '',
    )
  }
}

const NONE: Headers = []

/**
 * A `Set-Cookie` line: readable by the pixel (not `HttpOnly`), for the whole site.
 *
 * What comes from a visitor cannot end the value or the line: everything that RFC 6265 does not allow in a value is escaped.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6265#section-4.1.1
 */
export function cookieLine({ name, value, domain, maxAgeS, secure }: RenewedCookie): string {
  const where = domain === undefined ? '' : `; Domain=${domain}`
  return `${name}=${escape(value)}; Max-Age=${maxAgeS}; Path=/${where}; SameSite=Lax${secure ? '; Secure' : ''}`
}

/** Nothing to escape: so it is with nearly all values. */
const PLAIN = /^[\w.%-]*$/

/** Everything but the letters of a cookie's value; `%` stays, for what is escaped already. */
const NOT_ALLOWED = /[^\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]/gu

function escape(value: string): string {
  if (PLAIN.test(value)) return value
  return value.replace(NOT_ALLOWED, (letter) =>
    Array.from(Buffer.from(letter), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  )
}
