import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Middleware } from 'koa'
import type { Receiver } from './http/received.js'

/** What the collector saw of one request of the doctor's. */
export interface SeenRequest {
  /** Who opened the connection. */
  peer: string
  /** `X-Forwarded-For`, in order. */
  forwardedFor: readonly string[]
  /** What counts as the visitor's address: whole for IPv4, the first four groups of IPv6. */
  counted: string
  /** The host that counts as the one that was asked for, with its port. */
  host: string
  /** Whether it counts as asked for by HTTPS. */
  secure: boolean
  userAgent: string
  /** As it stands in the header. */
  cookie: string
}

/** Lets `pixel-mirror check` find out what of a visitor's request reaches the collector, and of its answer the visitor. */
export interface RequestProbe {
  /** Makes a token; for a minute, one request that carries it is remembered. */
  arm(): string
  seen(token: string): SeenRequest | undefined
  /** Whether a request with a token may come. */
  isArmed(): boolean
  /** Looks for tokens in requests from the public side. Its answer sets a cookie that ends at once. */
  middleware: Middleware
}

export const PROBE_HEADER = 'x-pixel-mirror-probe'
export const PROBE_COOKIE = 'pixel_mirror_probe'

const LIFETIME_MS = 60_000
const MAX_ARMED = 20

/** @param receiver what takes facts about visitors from requests */
export function createRequestProbe(
  receiver: Pick<Receiver, 'network' | 'host' | 'isSecure'>,
  now: () => number = Date.now,
): RequestProbe {
  const armed = new Map<string, { untilMs: number; seen?: SeenRequest }>()

  return {
    arm() {
      for (const [token, { untilMs }] of armed) if (untilMs < now() || armed.size >= MAX_ARMED) armed.delete(token)
      const token = randomBytes(16).toString('hex')
      armed.set(token, { untilMs: now() + LIFETIME_MS })
      return token
    },
    seen: (token) => armed.get(token)?.seen,
    isArmed: () => armed.size > 0,
    middleware(ctx, next) {
      // Every request comes through here: no promise of its own, and no look at the headers unless somebody asks.
      const probe = armed.size > 0 ? armed.get(ctx.get(PROBE_HEADER)) : undefined
      if (probe === undefined || probe.untilMs < now()) return next()
      probe.seen = look(ctx.req, receiver)
      ctx.set('Set-Cookie', `${PROBE_COOKIE}=1; Max-Age=0; Path=/`)
      ctx.status = 204
    },
  }
}

function look(req: IncomingMessage, receiver: Pick<Receiver, 'network' | 'host' | 'isSecure'>): SeenRequest {
  const { headers, socket } = req
  const forwardedFor = String(headers['x-forwarded-for'] ?? '').split(',')
  return {
    peer: socket.remoteAddress ?? '',
    forwardedFor: forwardedFor.map((address) => address.trim()).filter(Boolean),
    counted: receiver.network(req),
    host: receiver.host(req),
    secure: receiver.isSecure(req),
    userAgent: headers['user-agent'] ?? '',
    cookie: headers.cookie ?? '',
  }
}
