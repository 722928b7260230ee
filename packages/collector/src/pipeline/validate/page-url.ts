import type { Findings } from '../findings.js'

/** Longer addresses lose their query: nothing that Meta uses is there, and it keeps events small. */
const MAX_URL_LENGTH = 4_096

const WEB = /^https?:\/\//i
const WEB_OR_APP = /^(?:https?|android-app|ios-app):\/\//i
const HOST_ONLY = /^[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:[/?#:]|$)/i
const CONTROL = /\p{Cc}/u

/** The address of a page on the web, as it came; `undefined` for none, and for what is no such address. */
export function readPageUrl(value: unknown, field: string, findings: Findings): string | undefined {
  if (value == null || value === '') return undefined
  const url = typeof value === 'string' ? shortened(completed(value.trim(), field, findings), field, findings) : ''
  if (WEB.test(url) && !CONTROL.test(url) && URL.canParse(url)) return url
  findings.repair(`${field}_dropped`, field)
  return undefined
}

/** A referrer may also be an app (`android-app://…`). */
export function readReferrerUrl(value: unknown, findings: Findings): string | undefined {
  if (value == null || value === '') return undefined
  const url = typeof value === 'string' ? shortened(value.trim(), 'referrer_url', findings) : ''
  if (WEB_OR_APP.test(url) && !CONTROL.test(url) && URL.canParse(url)) return url
  findings.repair('referrer_url_dropped', 'referrer_url')
  return undefined
}

/** `shop.example/thanks` lacks only its scheme. */
function completed(url: string, field: string, findings: Findings): string {
  if (!HOST_ONLY.test(url)) return url
  findings.repair(`${field}_without_scheme`, field)
  return `https://${url}`
}

function shortened(url: string, field: string, findings: Findings): string {
  if (url.length <= MAX_URL_LENGTH) return url
  findings.repair(`${field}_shortened`, field)
  const [page = ''] = url.split(/[?#]/, 1)
  return page.slice(0, MAX_URL_LENGTH)
}
