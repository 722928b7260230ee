import Router from '@koa/router'
import Koa from 'koa'
import type { Middleware } from 'koa'
import type { Log } from '../logger.js'
import type { Observe } from '../observer.js'
import type { Pixels } from '../pixels.js'
import type { Settings } from '../settings.js'
import type { Now } from '../clock.js'
import { createApiKeys } from './api-keys.js'
import { collect } from './collect.js'
import type { Ingest } from './collect.js'
import { createCors } from './cors.js'
import { createDoor } from './door.js'
import { errorReply } from './error-reply.js'
import { GRAPH_EDGE_PATH, graphEdge } from './graph-edge.js'
import { live, ready } from './health.js'
import { alwaysGif, noscript } from './noscript.js'
import { createOrigins } from './origins.js'
import { createRateLimit } from './rate-limit.js'
import type { Readiness } from './readiness.js'
import { createReceiver } from './received.js'
import { createCookieWriter } from './set-cookie.js'
import { trackerFile } from './tracker-file.js'

export interface AppOptions {
  settings: Pick<
    Settings,
    'apiKeys' | 'cookieDomain' | 'eventsPath' | 'maxBodyBytes' | 'rateLimit' | 'trackerPath' | 'trustProxy'
  >
  pixels: Pixels
  ingest: Ingest
  readiness: Readiness
  /** The tracker's text; without it its path is not served. */
  tracker?: Buffer
  /** Events are not yet or no longer taken. */
  isClosed: () => boolean
  observe: Observe
  log: Log
  now: Now
}

/**
 * The public listener. Read this first: what is asked, and who answers it.
 *
 * A request's way: `errorReply` around everything → the handler → through the `door` (API key, or origin and rate) → its body
 * → `ingest` → the answer. What matches no route is left to whoever comes next, so that the app can be mounted in another.
 */
export function createApp({
  settings,
  pixels,
  ingest,
  readiness,
  tracker,
  isClosed,
  observe,
  log,
  now,
}: AppOptions): Koa {
  const { maxBodyBytes } = settings
  const receiver = createReceiver(settings.trustProxy, now)
  const origins = createOrigins(pixels)
  const cors = createCors(origins, receiver)
  const rateLimit = createRateLimit(settings.rateLimit, now)
  const door = createDoor({ isApiKey: createApiKeys(settings.apiKeys), cors, rateLimit, receiver, isClosed })
  const renewCookies = createCookieWriter(receiver, settings.cookieDomain)
  const answer = errorReply({ observe, log, now })
  pixels.onChange(() => origins.forget())

  const router = new Router()
  const route = (method: 'get' | 'post' | 'options', name: string, path: string | RegExp, handle: Middleware): void =>
    void router[method](name, path, answer, handle)

  route('post', 'events', settings.eventsPath, collect({ door, receiver, ingest, renewCookies, maxBodyBytes }))
  route('options', 'events', settings.eventsPath, cors.preflight)
  route('post', 'graph_edge', GRAPH_EDGE_PATH, graphEdge({ door, receiver, ingest, maxBodyBytes, pixels }))
  router.get('noscript', '/tr', alwaysGif, answer, noscript({ door, receiver, ingest, renewCookies }))
  if (tracker) route('get', 'tracker', settings.trackerPath, trackerFile(tracker))
  route('get', 'health', '/health/live', live)
  route('get', 'health', '/health/ready', ready(readiness, false))

  const app = new Koa()
  app.on('error', (error: unknown) => log.error({ event: 'http.failed', err: error }, 'a request failed'))
  app.use(router.routes() as Middleware)
  app.use(router.allowedMethods() as Middleware)
  return app
}
