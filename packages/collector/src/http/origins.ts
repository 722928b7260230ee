import { registrableDomain } from '../pipeline/enrich/registrable-domain.js'
import type { Pixels } from '../pixels.js'
import { remember } from '../remember.js'

/** For which pixels a page may send: all, none, or these. */
export type AllowedPixels = 'all' | 'none' | ReadonlySet<string>

/**
 * Stands for the origin of a page that hides it (`Referrer-Policy: no-referrer` makes a beacon say `Origin: null`), but of
 * which the browser itself says by `Sec-Fetch-Site` that it belongs to the collector's own site.
 */
export const SAME_SITE = 'same-site'

/**
 * Who may send from a browser: decided by the page's origin, pixel by pixel.
 *
 * A pixel with an allow-list takes what is on it, compared exactly; `https://*.example.com` stands for every subdomain of
 * `example.com`, and not for `example.com` itself. A pixel without one takes pages of the collector's own site: the same
 * registrable domain, by the Public Suffix List. An opaque origin (`null`) is never taken for anything.
 *
 * This does not make events trustworthy (anyone can send any `Origin` without a browser): it keeps other sites' pages out.
 */
export interface Origins {
  /** @param host the host that the request was sent to, with its port */
  pixelsFor(origin: string, host: string): AllowedPixels
  /** Forget what was decided: the pixels have changed. */
  forget(): void
}

export function createOrigins(pixels: Pixels): Origins {
  const decide = (): ((originAndHost: string) => AllowedPixels) =>
    // A line break parts them, because no header can hold one.
    remember((originAndHost) => {
      const [origin = '', host = ''] = originAndHost.split('\n')
      const all = pixels.all()
      const allowed = all.filter(({ allowedOrigins }) => isAllowed(origin, host, allowedOrigins))
      if (allowed.length === 0) return 'none'
      return allowed.length === all.length ? 'all' : new Set(allowed.map(({ id }) => id))
    })

  let decided = decide()
  return {
    pixelsFor: (origin, host) => decided(`${origin}\n${host}`),
    forget() {
      decided = decide()
    },
  }
}

function isAllowed(origin: string, host: string, allowedOrigins: readonly string[]): boolean {
  if (origin === SAME_SITE) {
    return (
      allowedOrigins.length === 0 || allowedOrigins.some((allowed) => isSameSite(hostIn(allowed), hostnameOf(host)))
    )
  }
  const page = parseOrigin(origin)
  if (page === undefined) return false
  if (allowedOrigins.length === 0) return isSameSite(page.hostname, hostnameOf(host))
  return allowedOrigins.some((allowed) => matches(page, allowed))
}

function matches(page: URL, allowed: string): boolean {
  if (!allowed.includes('//*.')) return page.origin === allowed
  const { protocol, host } = new URL(allowed.replace('//*.', '//'))
  return page.protocol === protocol && page.host.endsWith(`.${host}`)
}

function hostIn(allowed: string): string {
  return new URL(allowed.replace('//*.', '//')).hostname
}

/** An origin as browsers write it, and nothing else: no path, no user, no other scheme. */
function parseOrigin(text: string): URL | undefined {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) return undefined
  const url = new URL(text)
  return url.origin === text ? url : undefined
}

/** Whether two hosts belong to one registrable domain; where there is none (addresses, `localhost`), whether they are one host. */
export function isSameSite(a: string, b: string): boolean {
  if (a === b) return a !== ''
  const domain = registrableDomain(a)
  return domain !== undefined && domain === registrableDomain(b)
}

/** The host without its port, in lower case; empty when it is none. */
export const hostnameOf = remember((host) => (URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : ''))
