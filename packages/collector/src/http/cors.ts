import type { Context, Middleware } from 'koa'
import type { AllowedPixels, Origins } from './origins.js'
import { SAME_SITE } from './origins.js'
import type { Receiver } from './received.js'
import { Refused } from './refusal.js'

/** How long a browser may remember the answer to a preflight: two hours, the most that Chrome grants. */
const PREFLIGHT_MAX_AGE_S = 7200

/** The page that sends, and the pixels it may send for. */
export interface Page {
  origin: string | undefined
  pixels: AllowedPixels
}

export interface Cors {
  /** Finds out which page sends; lets it read the answer if it may send for any pixel. */
  page(ctx: Context): Page
  /** Answers `OPTIONS`. The tracker's requests need none; other clients may. */
  preflight: Middleware
}

/**
 * Cross-origin requests with cookies, done safely: an allowed origin is echoed, letter by letter, with `Vary: Origin`;
 * a stranger's page gets no header at all, and its request is refused, not only its reading of the answer.
 *
 * @see https://fetch.spec.whatwg.org/#http-cors-protocol
 */
export function createCors(origins: Origins, receiver: Receiver): Cors {
  const page = (ctx: Context): Page => {
    const { req, res } = ctx
    const origin = receiver.origin(req)
    if (origin === undefined) return { origin, pixels: 'none' }
    const pixels = origins.pixelsFor(origin, receiver.host(req))
    res.setHeader('Vary', 'Origin')
    if (pixels !== 'none' && origin !== SAME_SITE) {
      res.setHeader('Access-Control-Allow-Origin', origin)
      res.setHeader('Access-Control-Allow-Credentials', 'true')
      res.setHeader('Access-Control-Expose-Headers', 'Retry-After')
    }
    return { origin, pixels }
  }

  return {
    page,
    preflight: function preflight(ctx) {
      if (page(ctx).pixels === 'none') throw new Refused('origin')
      ctx.set('Access-Control-Allow-Methods', 'POST')
      ctx.set('Access-Control-Allow-Headers', 'Content-Type')
      ctx.set('Access-Control-Max-Age', String(PREFLIGHT_MAX_AGE_S))
      ctx.status = 204
    },
  }
}
