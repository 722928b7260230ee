import type { Handle } from './error-reply.js'
import type { Exchange } from './exchange.js'
import type { Readiness } from './readiness.js'
import { replyJson } from './reply.js'

const NOT_KEPT = ['Cache-Control', 'no-store']

/** `GET /health/live`: the process answers, that is all. */
export function live(ctx: Exchange): void {
  replyJson(ctx, 200, '{"status":"live"}', NOT_KEPT)
}

/** `GET /health/ready`: whether events can be taken right now; on the admin listener with the reasons. */
export function ready(readiness: Readiness, details: boolean): Handle<Exchange> {
  return function ready(ctx) {
    const { ready, ...report } = readiness.report()
    const text = JSON.stringify({ status: ready ? 'ready' : 'not_ready', ...(details && report) })
    replyJson(ctx, ready ? 200 : 503, text, NOT_KEPT)
  }
}
