import type { IncomingHttpHeaders } from 'node:http'

/** A header that a page of another site cannot send without asking first, and is never allowed to. */
const OWN_PAGE_HEADER = 'x-inspector'

/**
 * Was this changing request made by the inspector's own page? The cookie alone does not say so.
 *
 * Browsers tell by `Sec-Fetch-Site`, which no page can forge; older ones, and pages without TLS, by `Origin`; and the header of
 * our own forces a preflight that we never answer. Where the first speaks the second is not asked: behind a proxy that passes
 * on a `Host` of its own, `Origin` never matches.
 */
export function isFromOwnPage(headers: IncomingHttpHeaders): boolean {
  const { origin, host, 'sec-fetch-site': site } = headers
  const sameOrigin = site === undefined ? origin === undefined || hostOf(origin) === host : site === 'same-origin'
  return sameOrigin && headers[OWN_PAGE_HEADER] !== undefined
}

function hostOf(origin: string): string | undefined {
  return /^https?:\/\/([^/]+)$/.exec(origin)?.[1]
}
