import { publicIpAddress } from '@pixel-mirror/common'
import { bareAddress, isLoopbackHost, networkOf } from '../../http/address.js'
import type { SeenRequest } from '../../request-probe.js'
import { about, type Finding } from './finding.js'

const { ok, failed, skipped } = about('visitor address')

/** Of a network that exists only in documents (RFC 5737): if the collector believes it, it believes anything. */
export const FORGED = '203.0.113.77'

const APPEND =
  'nginx: proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; (Caddy and load balancers do so by themselves.)'

/**
 * Does the collector see who visits? A proxy that keeps the visitor's address to itself, or a TRUST_PROXY that does not fit,
 * makes all visitors look alike to Meta, or lets anyone pass for anyone.
 *
 * @param seen what the collector saw of a request that claimed to come from `FORGED`
 */
export function judgeAddress(
  { peer, forwardedFor, counted }: Pick<SeenRequest, 'peer' | 'forwardedFor' | 'counted'>,
  trustProxy: number | readonly string[],
  publicUrl: string,
): Finding {
  const passedOn = forwardedFor.filter((address) => address !== FORGED)
  const trusted =
    typeof trustProxy === 'number' ? `TRUST_PROXY is ${trustProxy}` : `TRUST_PROXY is ${trustProxy.join(', ')}`
  const should = `Set TRUST_PROXY=${passedOn.length}.`
  const isProxy = publicIpAddress(bareAddress(peer)) === undefined
  if (counted === FORGED && passedOn.length === 0 && isProxy) {
    return failed(`A visitor can pass for any other: the proxy at ${peer} passes on what visitors claim.`, APPEND)
  }
  if (counted === FORGED) {
    return failed(`A visitor can pass for any other: ${trusted}, but ${proxies(passedOn.length)} in front.`, should)
  }
  const [visitor] = passedOn
  if (visitor !== undefined && counted === networkOf(bareAddress(visitor)))
    return ok(`The collector sees the visitor’s address through ${proxies(passedOn.length)}.`)
  if (passedOn.length > 0) {
    return failed(`All visitors look like ${peer}: ${trusted}, but ${proxies(passedOn.length)} in front.`, should)
  }
  if (isLoopbackHost(new URL(publicUrl).hostname))
    return skipped(`${publicUrl} is this machine itself: no visitor comes that way.`)
  if (isProxy) return failed(`The proxy at ${peer} keeps the visitor’s address to itself.`, APPEND)
  return ok('The collector is reached directly and sees the visitor’s address.')
}

function proxies(count: number): string {
  return count === 0 ? 'no proxy' : count === 1 ? '1 proxy' : `${count} proxies`
}
