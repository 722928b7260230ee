import { createHash } from 'node:crypto'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import type { Handle } from './error-reply.js'

/** Short: a new version must reach every page within the hour. */
const CACHE_CONTROL = 'public, max-age=3600, stale-while-revalidate=86400'

/**
 * Serves the tracker: compressed once, at start, as hard as it goes; told apart by a strong `ETag` for each encoding.
 *
 * Any site may load it, with `integrity` and `crossorigin` too; it holds nothing that depends on who asks.
 */
export function trackerFile(script: Buffer): Handle {
  const tag = createHash('sha256').update(script).digest('base64url').slice(0, 22)
  const variants = {
    br: brotliCompressSync(script, {
      params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: script.length },
    }),
    gzip: gzipSync(script, { level: 9 }),
    identity: script,
  }
  return function trackerFile(ctx) {
    // The smallest that is accepted: browsers list them in an order that means nothing.
    const chosen = ctx.acceptsEncodings('br') ? 'br' : ctx.acceptsEncodings('gzip') ? 'gzip' : 'identity'
    ctx.set({
      'X-Content-Type-Options': 'nosniff',
      'Content-Type': 'text/javascript; charset=utf-8',
      'Cache-Control': CACHE_CONTROL,
      'Access-Control-Allow-Origin': '*',
      'Cross-Origin-Resource-Policy': 'cross-origin',
      'Timing-Allow-Origin': '*',
      Vary: 'Accept-Encoding',
      ETag: `"${tag}-${chosen}"`,
    })
    if (chosen !== 'identity') ctx.set('Content-Encoding', chosen)
    ctx.status = 200
    if (ctx.fresh) {
      ctx.status = 304
      return
    }
    ctx.body = variants[chosen]
  }
}
