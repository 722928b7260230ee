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
export function enrich(draft: Draft, received: Received, options: PipelineOptions, findings: Findings): Draft {
  return received.sender === 'browser'
    ? withEventId(enrichBrowser(draft, received, options, findings), options, findings)
    : withEventId(enrichServer(draft), options, findings)
}

function enrichBrowser(draft: Draft, received: Received, options: PipelineOptions, findings: Findings): Draft {
  const event_source_url = draft.event_source_url ?? pageOf(received, findings)
  const given = draft.user_data
  if (given.client_ip_address != null && given.client_ip_address !== received.clientIpAddress) {
    findings.repair('client_ip_address_overridden', 'user_data.client_ip_address')
  }
  if (given.client_user_agent != null && given.client_user_agent !== received.clientUserAgent) {
    findings.repair('client_user_agent_overridden', 'user_data.client_user_agent')
  }
  const fbp =
    valid(given.fbp, parseBrowserId) ?? readFbpCookie(received.fbp) ?? mint(event_source_url, received, options)
  const known = valid(given.fbc, parseClickId) ?? readFbcCookie(received.fbc)
  return {
    ...draft,
    event_source_url,
    user_data: {
      ...given,
      client_ip_address: received.clientIpAddress,
      client_user_agent: received.clientUserAgent,
      fbp: fbp ?? given.fbp,
      fbc: clickIdOfPage(known, event_source_url, draft.event_time * 1000) ?? given.fbc,
    },
  }
}

function enrichServer(draft: Draft): Draft {
  const given = draft.user_data.fbc
  const fbc = clickIdOfPage(valid(given, parseClickId), draft.event_source_url, draft.event_time * 1000)
  return fbc === undefined || fbc === given ? draft : { ...draft, user_data: { ...draft.user_data, fbc } }
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
function withEventId(draft: Draft, { randomId }: PipelineOptions, findings: Findings): Draft {
  const { fbp, external_id } = draft.user_data
  const twinHasNone = draft.action_source === 'website' && (fbp != null || external_id != null)
  if (draft.event_id !== undefined || twinHasNone) return draft
  findings.repair('event_id_missing', 'event_id')
  return { ...draft, event_id: randomId() }
}

function mint(page: string | undefined, received: Received, { mintBrowserId, random = Math.random }: PipelineOptions) {
  if (mintBrowserId !== true) return undefined
  return formatBrowserId({
    subdomainIndex: subdomainIndex(page === undefined ? undefined : new URL(page).hostname),
    createdMs: received.receivedAtMs,
    random: String(Math.floor(random() * MAX_RANDOM)),
  })
}

/** The range that Meta's own libraries draw from. */
const MAX_RANDOM = 2_147_483_647

function valid(value: unknown, parse: (text: string) => unknown): string | undefined {
  return typeof value === 'string' && parse(value) !== undefined ? value : undefined
}
