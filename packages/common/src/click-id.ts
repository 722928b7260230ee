import { isAppendix } from './appendix.js'

/**
 * The `fbc` parameter, stored in the cookie `_fbc`: which ad click brought this visitor.
 *
 * Written as `fb.<subdomain index>.<first seen, ms since epoch>.<fbclid>`, with or without an appendix.
 *
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/fbp-and-fbc
 */
export interface ClickId {
  /** How many dots the cookie's domain has: `com` 0, `example.com` 1. */
  subdomainIndex: number
  /** When the click was first seen, in milliseconds since the epoch. */
  firstSeenMs: number
  /** The `fbclid` query parameter. Case matters to Meta: pass it on untouched. */
  fbclid: string
}

/** Longer click ids are ignored, as by Meta's own library for browsers. */
const MAX_FBCLID_LENGTH = 500

/** Meta's click ids are base64url, at times with dots. Nothing else may get into a cookie or a header. */
const FBCLID = /^[A-Za-z0-9_.-]+$/

const CLICK_ID = /^fb\.(\d{1,2})\.(\d{1,15})\.([A-Za-z0-9_.-]+)$/

/** Whether a `fbclid` found in an address may be used. */
export function isFbclid(text: string): boolean {
  return text.length <= MAX_FBCLID_LENGTH && FBCLID.test(text)
}

/** Reads an `fbc`; `undefined` when Meta would not accept it. */
export function parseClickId(value: string): ClickId | undefined {
  const [, subdomainIndex, firstSeenMs, rest] = CLICK_ID.exec(value) ?? []
  if (rest === undefined) return undefined
  const fbclid = withoutAppendix(rest)
  return fbclid.length > MAX_FBCLID_LENGTH
    ? undefined
    : { subdomainIndex: Number(subdomainIndex), firstSeenMs: Number(firstSeenMs), fbclid }
}

/** Whether Meta would accept it. Costs half of reading it, and every event asks. */
export function isClickId(value: string): boolean {
  return value.length <= MAX_FBCLID_LENGTH ? CLICK_ID.test(value) : parseClickId(value) !== undefined
}

/** Writes a new `fbc`, without appendix. */
export function formatClickId({ subdomainIndex, firstSeenMs, fbclid }: ClickId): string {
  return `fb.${subdomainIndex}.${firstSeenMs}.${fbclid}`
}

function withoutAppendix(payload: string): string {
  const lastDot = payload.lastIndexOf('.')
  return lastDot > 0 && isAppendix(payload.slice(lastDot + 1)) ? payload.slice(0, lastDot) : payload
}
