/**
 * Which browser this is (`_fbp`) and which ad click brought it (`_fbc`), by the rules of Meta's own pixel, so that
 * whichever of the two comes first, the other one finds a cookie it accepts.
 *
 * Existing cookies are left as they are: the collector renews them by `Set-Cookie`, which outlives the seven days that Safari
 * grants to a script. No cookie is read or written before `readIdentity` is called, which takes consent.
 *
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/fbp-and-fbc
 */
import type { UserData } from '@pixel-mirror/common'
import jsCookie from 'js-cookie'
import { options } from './options.js'
import { queryOf } from './query.js'

/** Meta reads and writes cookies as they are, without any encoding. */
const asIs = (value: string) => value
const cookies = jsCookie.withConverter({ read: asIs, write: asIs })

/** What could not be kept as a cookie lives as long as the page. */
const memory: Record<string, string> = {}
/** The newest click, until it is told. */
let click: string | undefined

/** Looks for a click id in the page's address. It is kept letter by letter; one with a dot or a semicolon is none, and would make the cookie fall apart. */
export const lookForClick = (): void => {
  // Taking an address to pieces takes a tenth of the start, and most have none.
  const fbclid = location.href.includes('fbclid') && queryOf(location.href).fbclid
  if (fbclid && !/[.;]/.test(fbclid)) click = fbclid
}

/** Tries domains from the last label upwards until one sticks: that is the registrable domain, by the browser's own public suffix list. */
const write = (name: string, payload: string): string => {
  const labels = (options.cookieDomain || location.hostname).split('.')
  for (let count = options.cookieDomain ? labels.length : 1; count <= labels.length; count++) {
    const value = `fb.${count - 1}.${Date.now()}.${payload}`
    // What a page has added to all objects is no attribute of a cookie.
    cookies.set(name, value, { __proto__: null, path: '/', domain: labels.slice(-count).join('.'), expires: 90 })
    if (cookies.get(name) === value) return value
  }
  return (memory[name] = `fb.1.${Date.now()}.${payload}`)
}

/** The visitor's `fbp` and `fbc`; writes the cookies that are missing. A page may have no cookies at all. */
export const readIdentity = (): UserData => {
  const [fbp, fbc] = ['_fbp', '_fbc'].map((name) => cookies.get(name) ?? memory[name])
  const news = click
  // Once told, it is the cookie's turn: another tab may have seen a newer click.
  click = ''
  return {
    fbp: fbp ?? write('_fbp', `${Math.random() * 2 ** 53}`),
    fbc: !news || fbc?.split('.')[3] === news ? fbc! : write('_fbc', news),
  }
}
