import { NoAnswerError } from '../../errors.js'
import { hostnameOf } from '../../http/origins.js'
import { PROBE_COOKIE, PROBE_HEADER, type SeenRequest } from '../../request-probe.js'
import { adminFetch } from '../admin-fetch.js'
import { about, type Check, type CheckContext, type Finding } from './finding.js'
import { FORGED, judgeAddress } from './visitor-address.js'

const { ok, warning, failed, skipped } = about('way through')

/** As visitors' browsers write it; some gateways let nothing else through. */
const USER_AGENT = 'Mozilla/5.0 (X11; Linux x86_64) PixelMirrorDoctor/1.0'
const COOKIE = '_fbp=fb.1.1700000000000.1'

/** One request of the doctor's, as both ends saw it. */
export interface Passage {
  /** `undefined`: it did not arrive. */
  seen: SeenRequest | undefined
  status: number
  contentType: string
  /** The names of the cookies that the answer sets. */
  cookiesSet: readonly string[]
}

/**
 * Does what a browser sends arrive, and the answer come back, as it was written? What stands in front (a web server, a load balancer, a CDN)
 * may keep the visitor's address, take cookies away, or name itself as host and browser.
 *
 * Posts, as pages do, to the public address, claiming to come from elsewhere, and asks the collector what it saw.
 */
export const checkWayThrough: Check = async (context) => {
  const { settings, publicUrl } = context
  if (publicUrl === undefined) return [skipped('Needs --url, the address that visitors see.')]
  try {
    const passage = await pass(context, publicUrl)
    if (passage.seen === undefined) return [judgeLost(passage, `${publicUrl}${settings.eventsPath}`)]
    return [
      judgeAddress(passage.seen, settings.trustProxy, publicUrl),
      ...judgePassage(passage.seen, passage.cookiesSet, publicUrl),
    ]
  } catch (error) {
    if (error instanceof NoAnswerError) return [skipped(`Asks the running collector, but: ${error.message}`)]
    return [skipped(`${publicUrl} cannot be reached.`)]
  }
}

async function pass({ settings, fetch }: CheckContext, publicUrl: string): Promise<Passage> {
  const { token } = await adminFetch<{ token: string }>(settings, 'probes', {})
  const answer = await fetch(`${publicUrl}${settings.eventsPath}`, {
    method: 'POST',
    headers: {
      [PROBE_HEADER]: token,
      'content-type': 'text/plain',
      'x-forwarded-for': FORGED,
      'user-agent': USER_AGENT,
      cookie: COOKIE,
    },
    body: '{"data":[]}',
    redirect: 'manual',
    signal: AbortSignal.timeout(10_000),
  })
  return {
    seen: (await adminFetch<SeenRequest | null>(settings, `probes/${token}`)) ?? undefined,
    status: answer.status,
    contentType: answer.headers.get('content-type') ?? '',
    cookiesSet: answer.headers.getSetCookie().map((line) => line.split('=', 1)[0] ?? ''),
  }
}

/** A collector answers in JSON, another node of a cluster too; what stands in front mostly does not. */
export function judgeLost({ status, contentType }: Omit<Passage, 'seen' | 'cookiesSet'>, address: string): Finding {
  if (contentType.includes('json')) return skipped(`${address} leads to another collector than this one.`)
  return failed(
    `Events posted to ${address} do not arrive: something in front answers ${status}.`,
    'Let it pass POST on for this path, with the body, to this collector.',
  )
}

/** What can happen on the way, and what to do about it. */
const MISHAPS: readonly {
  happened: (seen: SeenRequest, cookiesSet: readonly string[], url: URL) => boolean
  says: (seen: SeenRequest, url: URL) => string
  mend: string
  judge: typeof failed
}[] = [
  {
    happened: ({ host }, _, url) => hostnameOf(host) !== url.hostname,
    says: ({ host }, { hostname }) =>
      `The collector takes itself for ${host}, not for ${hostname}: it refuses the shop’s pages, and sets cookies for the wrong name.`,
    mend: 'nginx: proxy_set_header Host $host; (A CDN: forward the Host header.)',
    judge: failed,
  },
  {
    happened: ({ secure }, _, url) => url.protocol === 'https:' && !secure,
    says: () => 'The collector is not told that visitors come by HTTPS: its cookies travel unencrypted too.',
    mend: 'nginx: proxy_set_header X-Forwarded-Proto $scheme; it is believed as far as TRUST_PROXY reaches.',
    judge: warning,
  },
  {
    happened: ({ userAgent }) => userAgent !== USER_AGENT,
    says: ({ userAgent }) =>
      `All visitors have the browser “${userAgent}”: what stands in front puts its own name there.`,
    mend: 'Let the User-Agent header through. (CloudFront: the origin request policy AllViewer.)',
    judge: failed,
  },
  {
    happened: ({ cookie }) => !cookie.includes(COOKIE),
    says: () => 'Visitors’ cookies are taken out of their requests: _fbp and _fbc do not arrive.',
    mend: 'nginx: take out proxy_set_header Cookie. (A CDN: forward cookies for this path.)',
    judge: failed,
  },
  {
    happened: (_, cookiesSet) => !cookiesSet.includes(PROBE_COOKIE),
    says: () => 'Set-Cookie is taken out of the collector’s answers: Safari forgets visitors after a week.',
    mend: 'nginx: take out proxy_hide_header Set-Cookie. (A CDN: do not cache this path.)',
    judge: failed,
  },
]

export function judgePassage(seen: SeenRequest, cookiesSet: readonly string[], publicUrl: string): Finding[] {
  const url = new URL(publicUrl)
  const found = MISHAPS.filter(({ happened }) => happened(seen, cookiesSet, url))
  if (found.length === 0) return [ok('Host, scheme, browser and cookies arrive as they were sent.')]
  return found.map(({ judge, says, mend }) => judge(says(seen, url), mend))
}
