import { formatClickId, isFbclid, parseClickId } from '@pixel-mirror/common'
import { subdomainIndex } from './registrable-domain.js'

/**
 * The click that brought the visitor: the one in the page's address if it is newer than the one known, with its letters untouched.
 *
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/fbp-and-fbc
 */
export function clickIdOfPage(known: string | undefined, pageUrl: string | undefined, seenMs: number) {
  const fbclid = pageUrl === undefined ? undefined : fbclidOf(pageUrl)
  if (fbclid === undefined || pageUrl === undefined) return known
  if (known !== undefined && parseClickId(known)?.fbclid === fbclid) return known
  return formatClickId({ subdomainIndex: subdomainIndex(new URL(pageUrl).hostname), firstSeenMs: seenMs, fbclid })
}

const FBCLID = /[?&]fbclid=([^&#]*)/

function fbclidOf(url: string): string | undefined {
  if (!url.includes('fbclid=')) return undefined
  const [, raw = ''] = FBCLID.exec(url) ?? []
  const fbclid = raw.includes('%') ? decoded(raw) : raw
  return isFbclid(fbclid) ? fbclid : undefined
}

/** Once only: to decode a click id twice would break it. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // Cut in the middle of a character: not a click id any more.
    return ''
  }
}
