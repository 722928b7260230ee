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
import { noscript, tellWithGif } from './noscript.js'
import { createOrigins } from './origins.js'
import { createRateLimit } from './rate-limit.js'
import type { Readiness } from './readiness.js'
import { createReceiver } from './received.js'
import { createCookieHeaders, forgetMatchData } from './set-cookie.js'
import { createShortcut } from './shortcut.js'
import type { Shortcut } from './shortcut.js'
import { trackerFile } from './tracker-file.js'

export interface AppOptions {
  settings: Pick<
    Settings,
    | 'apiKeys'
    | 'cookieDomain'
    | 'eventsPath'
    | 'maxBodyBytes'
    | 'rateLimit'
    | 'rememberMatchDataDays'
    | 'trackerPath'
    | 'trustProxy'
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

export interface PublicApp {
  /** All routes. */
  app: Koa
  /** `POST /events` without Koa: for listeners, to be asked first. */
  shortcut: Shortcut
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
}: AppOptions): PublicApp {
  const { maxBodyBytes } = settings
  const receiver = createReceiver(settings.trustProxy, now, settings.rememberMatchDataDays > 0)
  const origins = createOrigins(pixels)
  const cors = createCors(origins, receiver)
  const rateLimit = createRateLimit(settings.rateLimit, now)
  const door = createDoor({ isApiKey: createApiKeys(settings.apiKeys), cors, rateLimit, receiver, isClosed })
  const cookieHeaders = createCookieHeaders(receiver, settings)
  pixels.onChange(() => origins.forget())

  const answering = errorReply({ observe, log, now })
  const events = answering('events', collect({ door, receiver, ingest, cookieHeaders, maxBodyBytes }))

  const router = new Router()
  router.post(settings.eventsPath, events)
  router.delete(settings.eventsPath, answering('events', forgetMatchData(door, receiver)))
  router.options(settings.eventsPath, answering('events', cors.preflight))
  router.post(GRAPH_EDGE_PATH, answering('graph_edge', graphEdge({ door, receiver, ingest, maxBodyBytes, pixels })))
  router.get('/tr', answering('noscript', noscript({ door, receiver, ingest, cookieHeaders }), tellWithGif))
  if (tracker) router.get(settings.trackerPath, answering('tracker', trackerFile(tracker)))
  router.get('/health/live', answering('health', live))
  router.get('/health/ready', answering('health', ready(readiness, false)))

  const app = new Koa()
  const onError = (err: unknown) => log.error({ event: 'http.failed', err }, 'a request failed')
  app.on('error', onError)
  app.use(methodNotAllowed)
  app.use(router.routes() as Middleware)
  return { app, shortcut: createShortcut('POST', settings.eventsPath, events, onError) }
}

/** 405 for a path of ours that nobody has answered by this method; the router's own would say 501 to unusual ones. */
const methodNotAllowed: Middleware = async function methodNotAllowed(ctx, next) {
  await next()
  const { matched = [] } = ctx as { matched?: { methods: string[] }[] }
  if (ctx.status !== 404 || ctx.respond === false || matched.length === 0) return
  ctx.status = 405
  ctx.set('Allow', [...new Set(matched.flatMap(({ methods }) => methods))].join(', '))
}
