import type { Middleware } from 'koa'
import type { Readiness } from './readiness.js'
import { replyJson } from './reply.js'

/** `GET /health/live`: the process answers, that is all. */
export const live: Middleware = function live(ctx) {
  ctx.res.setHeader('Cache-Control', 'no-store')
  replyJson(ctx, 200, '{"status":"live"}')
}

/** `GET /health/ready`: whether events can be taken right now; on the admin listener with the reasons. */
export function ready(readiness: Readiness, details: boolean): Middleware {
  return function ready(ctx) {
    const { ready, ...report } = readiness.report()
    ctx.res.setHeader('Cache-Control', 'no-store')
    replyJson(ctx, ready ? 200 : 503, JSON.stringify({ status: ready ? 'ready' : 'not_ready', ...(details && report) }))
  }
}
