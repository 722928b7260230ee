import { getDomain } from 'tldts'
import { remember } from '../../remember.js'

/** Private suffixes (`github.io`) count: browsers accept no cookie for them either. */
const OPTIONS = { allowPrivateDomains: true }

/** The domain that may be registered (`example.co.uk` for `www.example.co.uk`), by the Public Suffix List; `undefined` for addresses and bare names. */
export function registrableDomain(host: string): string | undefined {
  return domainOf(host) || undefined
}

/** Remembered: a site has few hosts, and the list is long. */
const domainOf = remember((host) => getDomain(host, OPTIONS) ?? '')

/** The second part of `_fbp` and `_fbc`: how many dots the domain of the cookie has. */
export function subdomainIndex(host: string | undefined): number {
  const domain = host === undefined ? undefined : registrableDomain(host)
  // Meta's rule for an id that a server makes without knowing the domain.
  return domain === undefined ? 1 : domain.split('.').length - 1
}
