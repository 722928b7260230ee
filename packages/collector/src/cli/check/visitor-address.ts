import { publicIpAddress } from '@pixel-mirror/common'
import { NoAnswerError } from '../../errors.js'
import type { SeenRequest } from '../../address-probe.js'
import { PROBE_HEADER } from '../../address-probe.js'
import { bareAddress, isLoopbackHost, networkOf } from '../../http/address.js'
import { adminFetch } from '../admin-fetch.js'
import { about, type Check, type Finding } from './finding.js'

const { ok, failed, skipped } = about('visitor address')

/** Of a network that exists only in documents (RFC 5737): if the collector believes it, it believes anything. */
const FORGED = '203.0.113.77'

/**
 * Does the collector see who visits? A proxy that keeps the visitor's address to itself, or a TRUST_PROXY that does not fit,
 * makes all visitors look alike to Meta, or lets anyone pass for anyone.
 *
 * Sends a request through the public address that claims to come from elsewhere, and asks the collector what it saw.
 */
export const checkVisitorAddress: Check = async ({ settings, fetch, publicUrl }) => {
  if (publicUrl === undefined) return [skipped('Needs --url, the address that visitors see.')]
  try {
    const { token } = await adminFetch<{ token: string }>(settings, 'probes', {})
    await fetch(`${publicUrl}${settings.trackerPath}`, {
      headers: { [PROBE_HEADER]: token, 'x-forwarded-for': FORGED },
      redirect: 'manual',
      signal: AbortSignal.timeout(10_000),
    })
    const seen = await adminFetch<SeenRequest | null>(settings, `probes/${token}`)
    return [
      seen
        ? judgeAddress(seen, settings.trustProxy, publicUrl)
        : skipped(`${publicUrl} did not lead to this collector.`),
    ]
  } catch (error) {
    if (error instanceof NoAnswerError) return [skipped(`Asks the running collector, but: ${error.message}`)]
    return [skipped(`${publicUrl} cannot be reached.`)]
  }
}

export function judgeAddress(
  { peer, forwardedFor, counted }: SeenRequest,
  trustProxy: number | readonly string[],
  publicUrl: string,
): Finding {
  const passedOn = forwardedFor.filter((address) => address !== FORGED)
  const trusted =
    typeof trustProxy === 'number' ? `TRUST_PROXY is ${trustProxy}` : `TRUST_PROXY is ${trustProxy.join(', ')}`
  const should = `Set TRUST_PROXY=${passedOn.length}.`
  if (counted === FORGED) {
    return failed(`A visitor can pass for any other: ${trusted}, but ${proxies(passedOn.length)}.`, should)
  }
  const [visitor] = passedOn
  if (visitor !== undefined && counted === networkOf(bareAddress(visitor)))
    return ok(`The collector sees the visitor’s address through ${proxies(passedOn.length)}.`)
  if (passedOn.length > 0) {
    return failed(`All visitors look like ${peer}: ${trusted}, but ${proxies(passedOn.length)} in front.`, should)
  }
  if (isLoopbackHost(new URL(publicUrl).hostname))
    return skipped(`${publicUrl} is this machine itself: no visitor comes that way.`)
  if (publicIpAddress(bareAddress(peer)) === undefined) {
    return failed(
      `The proxy at ${peer} keeps the visitor’s address to itself.`,
      'nginx: proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; (Caddy and load balancers do so by themselves.)',
    )
  }
  return ok('The collector is reached directly and sees the visitor’s address.')
}

function proxies(count: number): string {
  return count === 1 ? '1 proxy' : `${count} proxies`
}
