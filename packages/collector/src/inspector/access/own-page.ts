import type { IncomingHttpHeaders } from 'node:http'

/** A header that a page of another site cannot send without asking first, and is never allowed to. */
const OWN_PAGE_HEADER = 'x-inspector'

/**
 * Was this changing request made by the inspector's own page? The cookie alone does not say so.
 *
 * Browsers tell by `Sec-Fetch-Site`; older ones by `Origin`; and the header of our own forces a preflight that we never
 * answer.
 */
export function isFromOwnPage(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin') return false
  const { origin, host } = headers
  if (origin !== undefined && hostOf(origin) !== host) return false
  return headers[OWN_PAGE_HEADER] !== undefined
}

function hostOf(origin: string): string | undefined {
  return /^https?:\/\/([^/]+)$/.exec(origin)?.[1]
}
