import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Middleware } from 'koa'

/** What the collector saw of one request of the doctor's. */
export interface SeenRequest {
  /** Who opened the connection. */
  peer: string
  /** `X-Forwarded-For`, in order. */
  forwardedFor: readonly string[]
  /** What counts as the visitor's address: whole for IPv4, the first four groups of IPv6. */
  counted: string
}

/** Lets `pixel-mirror check` find out whether visitors' addresses reach the collector. */
export interface AddressProbe {
  /** Makes a token; for a minute, one request that carries it is remembered. */
  arm(): string
  seen(token: string): SeenRequest | undefined
  /** Looks for tokens in requests from the public side. */
  middleware: Middleware
}

export const PROBE_HEADER = 'x-pixel-mirror-probe'

const LIFETIME_MS = 60_000
const MAX_ARMED = 20

/** @param networkOf what the collector takes for the visitor's address (`Receiver.network`) */
export function createAddressProbe(
  networkOf: (req: IncomingMessage) => string,
  now: () => number = Date.now,
): AddressProbe {
  const armed = new Map<string, { untilMs: number; seen?: SeenRequest }>()

  return {
    arm() {
      for (const [token, { untilMs }] of armed) if (untilMs < now() || armed.size >= MAX_ARMED) armed.delete(token)
      const token = randomBytes(16).toString('hex')
      armed.set(token, { untilMs: now() + LIFETIME_MS })
      return token
    },
    seen: (token) => armed.get(token)?.seen,
    async middleware(ctx, next) {
      const probe = armed.size > 0 ? armed.get(ctx.get(PROBE_HEADER)) : undefined
      if (probe === undefined || probe.untilMs < now()) {
        await next()
        return
      }
      const forwardedFor = ctx
        .get('x-forwarded-for')
        .split(',')
        .map((address) => address.trim())
      probe.seen = {
        peer: ctx.req.socket.remoteAddress ?? '',
        forwardedFor: forwardedFor.filter(Boolean),
        counted: networkOf(ctx.req),
      }
      ctx.status = 204
    },
  }
}
