import { remember } from '../remember.js'
import type { Handle } from './error-reply.js'
import type { Exchange } from './exchange.js'
import type { AllowedPixels, Origins } from './origins.js'
import { SAME_SITE } from './origins.js'
import type { Receiver } from './received.js'
import { Refused } from './refusal.js'
import { reply, setHeaders } from './reply.js'
import type { Headers } from './reply.js'

/** The page that sends, and the pixels it may send for. */
export interface Page {
  origin: string | undefined
  pixels: AllowedPixels
}

export interface Cors {
  /** Finds out which page sends; lets it read the answer if it may send for any pixel. */
  page(ctx: Exchange): Page
  /** Answers `OPTIONS`. The tracker's requests need none; other clients may. */
  preflight: Handle<Exchange>
}

/**
 * Cross-origin requests with cookies, done safely: an allowed origin is echoed, letter by letter, with `Vary: Origin`;
 * a stranger's page gets no header at all, and its request is refused, not only its reading of the answer.
 *
 * @see https://fetch.spec.whatwg.org/#http-cors-protocol
 */
export function createCors(origins: Origins, receiver: Receiver): Cors {
  const page = (ctx: Exchange): Page => {
    const origin = receiver.origin(ctx.req)
    if (origin === undefined) return NOBODY
    const pixels = origins.pixelsFor(origin, receiver.host(ctx.req))
    setHeaders(ctx, pixels === 'none' || origin === SAME_SITE ? UNREADABLE : readableFor(origin))
    return { origin, pixels }
  }

  return {
    page,
    preflight: function preflight(ctx) {
      const { origin, pixels } = page(ctx)
      if (pixels === 'none') throw new Refused('origin', { ...(origin !== undefined && { origin }) })
      reply(ctx, 204, PREFLIGHT, '')
    },
  }
}

const NOBODY: Page = { origin: undefined, pixels: 'none' }

const UNREADABLE: Headers = ['Vary', 'Origin']

const readableFor = remember((origin): Headers => [
  ...UNREADABLE,
  ...['Access-Control-Allow-Origin', origin],
  ...['Access-Control-Allow-Credentials', 'true'],
  ...['Access-Control-Expose-Headers', 'Retry-After'],
])

const PREFLIGHT: Headers = [
  ...['Access-Control-Allow-Methods', 'POST, DELETE'],
  ...['Access-Control-Allow-Headers', 'Content-Type'],
  // Two hours: the most that Chrome grants.
  ...['Access-Control-Max-Age', '7200'],
]
