import { formatClickId, isFbclid, parseClickId } from '@pixel-mirror/common'
import type { Draft } from '../draft.js'
import { subdomainIndex } from './registrable-domain.js'

/**
 * The click that brought the visitor: the one in the page's address if it is another than the one known, with its letters untouched; the one in
 * the address of the page before, if none is known.
 *
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/fbp-and-fbc
 */
export function clickIdOfPage(known: unknown, { event_source_url, referrer_url, event_time }: Page): unknown {
  const fbclid = fbclidOf(event_source_url) ?? (known == null ? fbclidOf(referrer_url) : undefined)
  if (fbclid === undefined || (typeof known === 'string' && parseClickId(known)?.fbclid === fbclid)) return known
  const host = event_source_url === undefined ? undefined : new URL(event_source_url).hostname
  return formatClickId({ subdomainIndex: subdomainIndex(host), firstSeenMs: event_time * 1000, fbclid })
}

type Page = Pick<Draft, 'event_source_url' | 'referrer_url' | 'event_time'>

const FBCLID = /[?&]fbclid=([^&#]*)/

function fbclidOf(url: string | undefined): string | undefined {
  if (url === undefined || !url.includes('fbclid=')) return undefined
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
