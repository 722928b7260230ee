import { limits, parseBrowserId, parseClickId } from '@pixel-mirror/common'
import type { Identity, Received } from '../received.js'
import { readFbcCookie, readFbpCookie, writeFbcCookie } from './cookie-value.js'
import { remember } from '../../remember.js'
import { registrableDomain } from './registrable-domain.js'

/** A cookie to set on the answer. `SameSite=Lax; Path=/` always, and never `HttpOnly`: Meta's pixel must be able to read it. */
export interface RenewedCookie {
  name: '_fbp' | '_fbc'
  /** Holds letters, digits and `_ . - %` alone: nothing that could break out of a header. */
  value: string
  /** Without a leading dot; `undefined` where only the host itself can have cookies (addresses, `localhost`). */
  domain: string | undefined
  maxAgeS: number
  secure: boolean
}

export interface CookieOptions {
  /** What the request's events carried, see `IngestResult`. Left out, only the cookies that came are renewed. */
  identity?: Identity | undefined
  /**
   * The domain of the cookies. One that the host does not belong to is ignored: browsers would refuse it.
   *
   * @defaultValue the registrable domain of the host
   */
  cookieDomain?: string | undefined
  /** The visitor came by HTTPS. */
  secure: boolean
}

/**
 * The cookies `_fbp` and `_fbc` to set on the answer to a browser, so that they live 90 days from now: set by a server they outlive
 * the seven days that Safari gives to cookies of scripts. The value stays byte for byte as long as the id is the same.
 *
 * @param host of the collector, as the browser named it, without port
 */
export function renewedCookies(received: Received, host: string, options: CookieOptions): RenewedCookie[] {
  if (received.sender !== 'browser' || !sameSite(received.origin, host)) return []
  const { identity = {}, cookieDomain, secure } = options
  const attributes = { domain: domainFor(host, cookieDomain), maxAgeS: limits.COOKIE_LIFETIME_MS / 1000, secure }
  const fbp = renewed(received.fbp, readFbpCookie, valid(identity.fbp, parseBrowserId), (value) => value)
  const fbc = renewed(received.fbc, readFbcCookie, valid(identity.fbc, parseClickId), writeFbcCookie)
  return [
    ...(fbp === undefined ? [] : [{ name: '_fbp' as const, value: fbp, ...attributes }]),
    ...(fbc === undefined ? [] : [{ name: '_fbc' as const, value: fbc, ...attributes }]),
  ]
}

function renewed(
  cookie: string | undefined,
  read: (cookie: string | undefined) => string | undefined,
  current: string | undefined,
  write: (value: string) => string,
): string | undefined {
  // What the event carries has been checked: mostly it is the cookie, letter by letter.
  if (current !== undefined && current === cookie) return cookie
  const meaning = read(cookie)
  if (meaning !== undefined && (current === undefined || current === meaning)) return cookie
  return current === undefined ? undefined : write(current)
}

function valid(id: string | undefined, parse: (text: string) => unknown): string | undefined {
  return id !== undefined && parse(id) !== undefined ? id : undefined
}

/** To a page of another site these cookies would be a third party's. */
export function sameSite(origin: string | undefined, host: string): boolean {
  if (origin === undefined) return true
  const page = hostnameOf(origin)
  return page === host || (registrableDomain(page) ?? page) === (registrableDomain(host) ?? host)
}

const hostnameOf = remember((origin) => (URL.canParse(origin) ? new URL(origin).hostname : ''))

function domainFor(host: string, wanted: string | undefined): string | undefined {
  const name = host.toLowerCase()
  const domain = wanted?.toLowerCase().replace(/^\./, '')
  if (domain !== undefined && (name === domain || name.endsWith(`.${domain}`))) return domain
  return registrableDomain(name)
}
