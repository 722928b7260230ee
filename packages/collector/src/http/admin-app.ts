import Router from '@koa/router'
import Koa from 'koa'
import type { Middleware } from 'koa'
import type { Log } from '../logger.js'
import { live, ready } from './health.js'
import type { Readiness } from './readiness.js'

export interface AdminAppOptions {
  readiness: Readiness
  /** What Prometheus reads. */
  metrics?: { contentType: string; metrics(): Promise<string> }
  /** The inspector, and what else is for operators alone. */
  pages: readonly Middleware[]
  log: Log
}

/**
 * The second listener, for operators: on loopback unless set otherwise, and on a port of its own because behind a proxy
 * every request looks local.
 *
 * Health and metrics answer to any name in `Host`, unlike the pages: proxies in front of monitors pass on names of their own, and sums are
 * all that a page could read that makes its own name point here.
 */
export function createAdminApp({ readiness, metrics, pages, log }: AdminAppOptions): Koa {
  const router = new Router()
  router.get('/health/live', live)
  router.get('/health/ready', ready(readiness, true))
  if (metrics) {
    router.get('/metrics', async (ctx) => {
      ctx.set('Content-Type', metrics.contentType)
      ctx.body = await metrics.metrics()
    })
  }

  const app = new Koa()
  app.on('error', (error: unknown) => log.error({ event: 'admin.failed', err: error }, 'an admin request failed'))
  app.use(async function guardAnswers(ctx, next) {
    ctx.set('X-Content-Type-Options', 'nosniff')
    await next()
  })
  app.use(router.routes() as Middleware)
  for (const page of pages) app.use(page)
  return app
}
