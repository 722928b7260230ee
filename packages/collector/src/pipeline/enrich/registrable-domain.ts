import { getDomain } from 'tldts'

/** Private suffixes (`github.io`) count: browsers accept no cookie for them either. */
const OPTIONS = { allowPrivateDomains: true }

/** The domain that may be registered (`example.co.uk` for `www.example.co.uk`), by the Public Suffix List; `undefined` for addresses and bare names. */
export function registrableDomain(host: string): string | undefined {
  return getDomain(host, OPTIONS) ?? undefined
}

/** The second part of `_fbp` and `_fbc`: how many dots the domain of the cookie has. */
export function subdomainIndex(host: string | undefined): number {
  const domain = host === undefined ? undefined : registrableDomain(host)
  // Meta's rule for an id that a server makes without knowing the domain.
  return domain === undefined ? 1 : domain.split('.').length - 1
}
