import { isAppendix } from './appendix.js'

/**
 * The `fbp` parameter, stored in the cookie `_fbp`: which browser this is.
 *
 * Written as `fb.<subdomain index>.<creation time, ms since epoch>.<random number>`, with or without an appendix.
 *
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/fbp-and-fbc
 */
export interface BrowserId {
  /** How many dots the cookie's domain has: `com` 0, `example.com` 1. */
  subdomainIndex: number
  /** In milliseconds since the epoch. */
  createdMs: number
  /** Up to 20 digits, more than a number can hold. */
  random: string
}

const BROWSER_ID = /^fb\.(\d{1,2})\.(\d{1,15})\.(\d{1,20})(?:\.([A-Za-z0-9_-]{2,8}))?$/

/** Reads an `fbp`; `undefined` when Meta would not accept it. */
export function parseBrowserId(value: string): BrowserId | undefined {
  const [, subdomainIndex, createdMs, random, appendix] = BROWSER_ID.exec(value) ?? []
  if (random === undefined || (appendix !== undefined && !isAppendix(appendix))) return undefined
  return { subdomainIndex: Number(subdomainIndex), createdMs: Number(createdMs), random }
}

/** Whether Meta would accept it. Costs half of reading it, and every event asks. */
export function isBrowserId(value: string): boolean {
  return WITHOUT_APPENDIX.test(value) || parseBrowserId(value) !== undefined
}

const WITHOUT_APPENDIX = /^fb\.\d{1,2}\.\d{1,15}\.\d{1,20}$/

/** Writes a new `fbp`, without appendix. */
export function formatBrowserId({ subdomainIndex, createdMs, random }: BrowserId): string {
  return `fb.${subdomainIndex}.${createdMs}.${random}`
}
