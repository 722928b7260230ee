import { publicIpAddress } from '@pixel-mirror/common'
import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import proxyAddr from 'proxy-addr'
import type { Now } from '../clock.js'
import type { Received } from '../pipeline/received.js'
import { remember } from '../remember.js'
import { bareAddress, networkOf } from './address.js'
import type { Entered } from './entered.js'
import { readMatchCookies } from './match-cookie.js'
import { SAME_SITE } from './origins.js'

/**
 * The only place that takes facts about a visitor from a request.
 *
 * The address, the host and the scheme come from the connection, or from `X-Forwarded-*` as far as the proxies that wrote
 * them are trusted: whatever a client writes there itself stands left of what the trusted ones appended, and is never reached.
 */
export interface Receiver {
  /** The address that counts for limits: always there, whole for IPv4 and a /64 for IPv6. */
  network(req: IncomingMessage): string
  /** The host that the visitor asked for, with its port. */
  host(req: IncomingMessage): string
  /** Whether the visitor asked by HTTPS. */
  isSecure(req: IncomingMessage): boolean
  /** The origin of the page that sends; `undefined` when the request names none. */
  origin(req: IncomingMessage): string | undefined
  /** What the pipeline gets to know. */
  received(req: IncomingMessage, entered: Entered): Received
}

/**
 * @param trustProxy how many proxies to believe, or the networks they are in
 * @param remembersMatchData whether a browser's cookie with what its visitor has said is read
 */
export function createReceiver(trustProxy: number | readonly string[], now: Now, remembersMatchData = false): Receiver {
  const trusts = trustFunction(trustProxy)
  const facts = remember((written) => {
    const address = bareAddress(written)
    return { network: networkOf(address), clientIpAddress: publicIpAddress(address) }
  })

  const client = (req: IncomingMessage): string => {
    const peer = req.socket.remoteAddress ?? ''
    const forwarded = req.headers['x-forwarded-for']
    // Most requests: nothing is forwarded, or the one who forwards is not trusted.
    if (forwarded === undefined || !trusts(peer, 0)) return peer
    const chain = String(forwarded).split(',')
    let hops = 1
    let address = peer
    for (let index = chain.length - 1; index >= 0; index--) {
      address = chain[index]!.trim()
      if (!trusts(bareAddress(address), hops++)) break
    }
    return address
  }

  /** The value that the nearest trusted proxy wrote. */
  const forwarded = (req: IncomingMessage, name: 'x-forwarded-host' | 'x-forwarded-proto'): string | undefined => {
    const value = req.headers[name]
    if (value === undefined || !trusts(req.socket.remoteAddress ?? '', 0)) return undefined
    return String(value).split(',').at(-1)?.trim()
  }

  const isSecure = (req: IncomingMessage): boolean =>
    forwarded(req, 'x-forwarded-proto')?.toLowerCase() === 'https' || (req.socket as TLSSocket).encrypted === true

  return {
    network: (req) => facts(client(req)).network,
    host: (req) => forwarded(req, 'x-forwarded-host') ?? req.headers.host ?? '',
    isSecure,
    origin: pageOrigin,

    received(req, { sender, origin, pixels }) {
      const { headers } = req
      const { clientIpAddress } = facts(client(req))
      const received: Received = { sender, receivedAtMs: now(), prefetch: isPrefetch(req) }
      if (clientIpAddress !== undefined) received.clientIpAddress = clientIpAddress
      if (headers['user-agent'] !== undefined) received.clientUserAgent = headers['user-agent']
      if (origin !== undefined && origin !== SAME_SITE) received.origin = origin
      if (typeof pixels === 'object') received.pixelIds = pixels
      if (headers.referer !== undefined) received.referer = headers.referer
      if (headers.cookie !== undefined) {
        const fbp = cookie(headers.cookie, '_fbp')
        const fbc = cookie(headers.cookie, '_fbc')
        if (fbp !== undefined) received.fbp = fbp
        if (fbc !== undefined) received.fbc = fbc
      }
      if (remembersMatchData && sender === 'browser') {
        received.matchMemory = readMatchCookies(headers.cookie, isSecure(req))
      }
      return received
    },
  }
}

function trustFunction(trustProxy: number | readonly string[]): (address: string, hop: number) => boolean {
  if (typeof trustProxy === 'number') return (_address, hop) => hop < trustProxy
  // Compiled once: passing the list each time costs 10 µs a request instead of 3.
  const inNetworks = proxyAddr.compile([...trustProxy])
  const trusted = remember((address) => inNetworks(address, 0))
  return trusted
}

function pageOrigin({ headers }: IncomingMessage): string | undefined {
  const { origin, referer } = headers
  if (origin !== undefined && origin !== 'null') return origin
  if (origin === undefined && referer !== undefined) return originOf(referer)
  // No page can write this header; sandboxed frames, whose origin is opaque for good reason, are told apart as `cross-site`.
  const site = headers['sec-fetch-site']
  return site === 'same-origin' || site === 'same-site' ? SAME_SITE : origin
}

/** Loaded ahead of time by a browser that guesses; the visitor has seen nothing. */
function isPrefetch({ headers }: IncomingMessage): boolean {
  const purpose = headers['sec-purpose'] ?? headers['purpose'] ?? headers['x-purpose'] ?? headers['x-moz']
  return purpose !== undefined && /prefetch|prerender|preview/i.test(String(purpose))
}

/** The raw value of a cookie: the first of that name, which has the longest path. */
function cookie(header: string, name: string): string | undefined {
  for (let from = 0; ;) {
    const start = header.indexOf(`${name}=`, from)
    if (start < 0) return undefined
    from = start + name.length + 1
    const before = header.charCodeAt(start - 1)
    if (start === 0 || before === 32 || before === 59) {
      const end = header.indexOf(';', from)
      return header.slice(from, end < 0 ? undefined : end).trim()
    }
  }
}

const originOf = remember((referer) =>
  /^https?:\/\//.test(referer) && URL.canParse(referer) ? new URL(referer).origin : 'null',
)
