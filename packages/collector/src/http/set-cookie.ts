import type { IncomingMessage } from 'node:http'
import { renewedCookies } from '../pipeline/enrich/renewed-cookies.js'
import type { RenewedCookie } from '../pipeline/enrich/renewed-cookies.js'
import type { Identity, Received } from '../pipeline/received.js'
import { hostnameOf } from './origins.js'
import type { Receiver } from './received.js'
import type { Headers } from './reply.js'

/** The headers that renew a visitor's cookies. */
export type CookieHeaders = (req: IncomingMessage, received: Received, identity: Identity) => Headers

/** @param cookieDomain the domain to write; the registrable domain of the request's host unless given */
export function createCookieHeaders(receiver: Receiver, cookieDomain: string | undefined): CookieHeaders {
  return function cookieHeaders(req, received, identity) {
    if (received.sender !== 'browser') return NONE
    const secure = receiver.isSecure(req)
    const cookies = renewedCookies(received, hostnameOf(receiver.host(req)), { identity, cookieDomain, secure })
    return cookies.flatMap((cookie) => ['Set-Cookie', cookieLine(cookie)])
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
