import { formatBrowserId, parseBrowserId, parseClickId } from '@pixel-mirror/common'
import type { Draft } from '../draft.js'
import type { Findings } from '../findings.js'
import type { PipelineOptions } from '../pipeline-options.js'
import type { Received } from '../received.js'
import { readPageUrl } from '../validate/page-url.js'
import { clickIdOfPage } from './click-id-of-page.js'
import { readFbcCookie, readFbpCookie } from './cookie-value.js'
import { subdomainIndex } from './registrable-domain.js'

/** Adds what only the server sees. A browser is not believed about itself; a server speaks for visitors who are elsewhere. */
export function enrich(draft: Draft, received: Received, options: PipelineOptions, findings: Findings): void {
  if (received.sender === 'browser') enrichBrowser(draft, received, options, findings)
  else enrichServer(draft)
  completeEventId(draft, options, findings)
}

function enrichBrowser(draft: Draft, received: Received, options: PipelineOptions, findings: Findings): void {
  const { client_ip_address, client_user_agent, fbp, fbc } = draft.user_data
  if (client_ip_address != null && client_ip_address !== received.clientIpAddress) {
    findings.repair('client_ip_address_overridden', 'user_data.client_ip_address')
  }
  if (client_user_agent != null && client_user_agent !== received.clientUserAgent) {
    findings.repair('client_user_agent_overridden', 'user_data.client_user_agent')
  }
  draft.event_source_url ??= pageOf(received, findings)
  // Known keys first: to add keys to an object after spreading another costs ten times as much (measured, V8 11 to 13).
  const userData = { client_ip_address, client_user_agent, fbp, fbc, ...draft.user_data }
  userData.client_ip_address = received.clientIpAddress
  userData.client_user_agent = received.clientUserAgent
  userData.fbp = ownOrCookie(fbp, received.fbp, parseBrowserId, readFbpCookie) ?? mint(draft, received, options)
  userData.fbc = clickIdOfPage(ownOrCookie(fbc, received.fbc, parseClickId, readFbcCookie), draft)
  draft.user_data = userData
}

/** The event's own id, unless it is missing or damaged and the cookie has one. Which of them is good in the end is for `normalise()` to say. */
function ownOrCookie(
  own: unknown,
  cookie: string | undefined,
  parse: (text: string) => unknown,
  read: (cookie: string) => string | undefined,
): unknown {
  if (cookie === undefined || own === cookie) return own
  return typeof own === 'string' && parse(own) !== undefined ? own : (read(cookie) ?? own)
}

/** What a server says about its visitors stands; only the click in the page's address is read. */
function enrichServer(draft: Draft): void {
  const given = draft.user_data.fbc
  const fbc = clickIdOfPage(given, draft)
  if (fbc !== given) draft.user_data = { ...draft.user_data, fbc }
}

/** The page, for senders that do not name it: the request's referrer, else the front page of its origin. */
function pageOf({ referer, origin }: Received, findings: Findings): string | undefined {
  const page = readPageUrl(referer ?? origin, 'event_source_url', findings)
  if (page !== undefined) findings.repair('event_source_url_missing', 'event_source_url')
  return page
}

/**
 * An event without an id gets one, so that a repeated attempt of ours is not counted twice. Not so where Meta can only find its browser copy,
 * which has no id either, by `fbp` or `external_id`.
 *
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/deduplicate-pixel-and-server-events
 */
function completeEventId(draft: Draft, { randomId }: PipelineOptions, findings: Findings): void {
  if (draft.event_id !== undefined) return
  const { fbp, external_id } = draft.user_data
  const twinHasNone = draft.action_source === 'website' && (fbp != null || external_id != null)
  if (twinHasNone) return
  findings.repair('event_id_missing', 'event_id')
  draft.event_id = randomId()
}

function mint(
  { event_source_url }: Draft,
  received: Received,
  { mintBrowserId, random = Math.random }: PipelineOptions,
) {
  if (mintBrowserId !== true) return undefined
  return formatBrowserId({
    subdomainIndex: subdomainIndex(event_source_url === undefined ? undefined : new URL(event_source_url).hostname),
    createdMs: received.receivedAtMs,
    random: String(Math.floor(random() * MAX_RANDOM)),
  })
}

/** The range that Meta's own libraries draw from. */
const MAX_RANDOM = 2_147_483_647
