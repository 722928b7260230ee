import { limits } from '@pixel-mirror/common'
import type { Context } from 'koa'
import { SAME_SITE, hostnameOf, isSameSite, registrableDomain } from './origins.js'
import type { Receiver } from './received.js'

/** A cookie that the pipeline decided to write. */
export interface CookieToSet {
  name: '_fbp' | '_fbc'
  value: string
}

/**
 * A `Set-Cookie` line for `_fbp` or `_fbc`: readable by the pixel (not `HttpOnly`), for the whole site, 90 days.
 *
 * What comes from a visitor cannot end the value or the line: everything that RFC 6265 does not allow in a value is escaped.
 *
 * @param domain the registrable domain; without one (addresses, `localhost`) the cookie is for this host alone
 * @see https://www.rfc-editor.org/rfc/rfc6265#section-4.1.1
 */
export function cookieLine({ name, value }: CookieToSet, domain: string | undefined, secure: boolean): string {
  const where = domain === undefined ? '' : `; Domain=${domain}`
  return `${name}=${escape(value)}; Max-Age=${MAX_AGE_S}; Path=/${where}; SameSite=Lax${secure ? '; Secure' : ''}`
}

/** Writes the visitor's cookies into an answer. */
export interface CookieJar {
  set(ctx: Context, cookies: readonly CookieToSet[], origin: string | undefined): void
}

/**
 * Only for pages of the collector's own site: elsewhere these would be third-party cookies, under a domain whose pixel never
 * reads them.
 *
 * @param cookieDomain the domain to write; the registrable domain of the request's host unless given
 */
export function createCookieJar(receiver: Receiver, cookieDomain: string | undefined): CookieJar {
  return {
    set({ req, res }, cookies, origin) {
      if (cookies.length === 0) return
      const hostname = hostnameOf(receiver.host(req))
      if (
        origin !== undefined &&
        origin !== SAME_SITE &&
        !isSameSite(hostnameOf(origin.replace(/^.*\/\//, '')), hostname)
      )
        return
      const domain = cookieDomain ?? registrableDomain(hostname)
      const secure = receiver.isSecure(req)
      for (const cookie of cookies) res.appendHeader('Set-Cookie', cookieLine(cookie, domain, secure))
    },
  }
}

const MAX_AGE_S = limits.COOKIE_LIFETIME_MS / 1000

/** Everything but the letters of a cookie's value; `%` stays, for what is escaped already. */
const NOT_ALLOWED = /[^\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]/gu

function escape(value: string): string {
  return value.replace(NOT_ALLOWED, (letter) =>
    Array.from(Buffer.from(letter), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  )
}
