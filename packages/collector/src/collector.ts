import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type Koa from 'koa'
import type { Middleware } from 'koa'
import type { Logger } from 'pino'
import { createRequestProbe } from './request-probe.js'
import { adminApi } from './admin-api.js'
import { systemClock, type Now } from './clock.js'
import { createAdminApp } from './http/admin-app.js'
import { isLoopbackHost } from './http/address.js'
import { createApp } from './http/app.js'
import { createMount, type Handler } from './http/mount.js'
import type { Ingest } from './http/collect.js'
import { errorReply } from './http/error-reply.js'
import { createReadiness } from './http/readiness.js'
import { createReceiver } from './http/received.js'
import type { Shortcut } from './http/shortcut.js'
import { createPasswordCheck } from './inspector/access/password.js'
import { historyFileBeside } from './inspector/history-file-beside.js'
import { createInspector } from './inspector/inspector.js'
import { createListeners } from './listeners.js'
import { createLogger } from './logger.js'
import { createMetrics } from './metrics/metrics.js'
import { observeAll, type Observe } from './observer.js'
import { createBotCheck } from './pipeline/bot-check.js'
import { ingest } from './pipeline/ingest.js'
import type { PipelineOptions, Transform } from './pipeline/pipeline-options.js'
import { createPixels, type Pixels } from './pixels.js'
import { isSharedQueue, openQueue } from './queue/open-queue.js'
import type { Queue } from './queue/queue.js'
import { watchQueue } from './queue-watch.js'
import { createDirectQueue } from './relay/direct-queue.js'
import { createRelay } from './relay/relay.js'
import type { Settings } from './settings.js'
import { trackerScript } from './tracker-script.js'
import { packageVersion } from './version.js'

export interface CollectorOptions {
  settings: Settings
  /** The pixels, if they can be exchanged while it runs. @defaultValue those of the settings */
  pixels?: Pixels
  /** The site's own code: changes an event, or leaves it out. */
  transform?: Transform
  /** Watchers of your own, beside metrics and inspector. */
  observers?: readonly Observe[]
  /** What else the public listener serves, after the collector's own routes. */
  pages?: readonly Middleware[]
  /**
   * Whether `start()` opens the two ports of the settings. `false` for a collector that is mounted in a server of yours.
   *
   * @defaultValue `true`
   */
  listen?: boolean
  /** A queue of your own. @defaultValue the one that `settings.queueUrl` names */
  queue?: Queue
  /** @defaultValue JSON lines on standard output */
  log?: Logger
  now?: Now
}

/** A collector with its queue open. */
export interface Collector {
  /** The public routes. */
  app: Koa
  /** The inspector, metrics and the routes of the command line. */
  adminApp: Koa
  /** The public routes for a `node:http` server or Express: `app.use(collector.handle)`. */
  handle: Handler
  /** The public routes for a Koa application: `app.use(collector.middleware)`. */
  middleware: Middleware
  /** Everything between a body and the disk, without HTTP. */
  ingest: Ingest
  queue: Queue
  /** Whether there is an inspector: not with `direct:`, and not open to the network without a password. */
  inspects: boolean
  /**
   * Sends what waits, and serves both listeners. Before, and after `stop()`, events are answered with 503.
   *
   * @returns the ports, which matter when the settings said 0; those of the settings with `listen: false`
   * @throws PortTakenError when one cannot be had; then nothing is left running
   */
  start(): Promise<{ port: number; adminPort: number }>
  /** Takes nothing new, finishes what is under way or leaves it in the queue, and lets go of everything. */
  stop(graceMs?: number): Promise<void>
}

/**
 * Puts the parts together; the only file that knows them all.
 *
 * @throws SettingsError, QueueInUseError, QueueUnavailableError
 */
export async function createCollector(options: CollectorOptions): Promise<Collector> {
  const { settings, now = systemClock, pages = [], listen = true } = options
  const log = options.log ?? createLogger(settings.logLevel)
  const pixels = options.pixels ?? createPixels(settings.pixels)
  const watchers: Observe[] = [...(options.observers ?? [])]
  const observe = observeAll(watchers, (err) => log.error({ event: 'observer.failed', err }, 'a watcher failed'))

  const graph = { graphUrl: settings.graphUrl, apiVersion: settings.apiVersion }
  const direct = settings.queueUrl === 'direct:' && options.queue === undefined
  const queue = direct
    ? createDirectQueue({ ...graph, pixels, observe, log, now })
    : (options.queue ??
      (await openQueue(settings.queueUrl, {
        maxBytes: settings.maxQueueBytes,
        log,
        observe,
        now,
        pixelIds: settings.pixels.map(({ id }) => id),
      })))
  const sharedQueue = isSharedQueue(settings.queueUrl)
  const metrics = createMetrics({ queue, pixels, sharedQueue, version: packageVersion(), now })
  const password =
    settings.inspectPassword &&
    createPasswordCheck(settings.inspectPassword, (total) =>
      log.warn({ event: 'inspector.wrong_password', total }, 'wrong inspector password'),
    )
  const mayInspect = isLoopbackHost(settings.adminHost) || settings.inspectPassword !== undefined
  if (!mayInspect)
    log.warn({ event: 'inspector.off' }, 'no inspector: ADMIN_HOST is not loopback, INSPECT_PASSWORD not set')
  const inspector =
    direct || !mayInspect
      ? undefined
      : createInspector({
          queue,
          pixels,
          historyFile: historyFileBeside(settings.queueUrl),
          loopback: isLoopbackHost(settings.adminHost),
          sandbox: settings.sandbox,
          graph: { url: settings.graphUrl, apiVersion: settings.apiVersion },
          log,
          now,
          ...(password && { password }),
        })
  watchers.push(metrics.observe, ...(inspector ? [inspector.observe] : []))
  const relay = createRelay({ ...graph, queue, pixels, observe, log, now })

  let closed = true
  let endWatch = (): void => undefined
  const readiness = createReadiness(() => queue, now)
  const pipeline: PipelineOptions = {
    pixels,
    defaultCountry: settings.defaultCountry,
    isBot: createBotCheck(),
    randomId: randomUUID,
    transform: options.transform,
    onTransformError: (err) => log.error({ event: 'transform.failed', err }, 'the transform failed'),
  }
  const take: Ingest = (body, received) => ingest(body, received, { pipeline, queue, observe })
  const receiver = createReceiver(settings.trustProxy, now)
  const probe = createRequestProbe(receiver, now)
  const tracker = trackerScript()
  if (!tracker) log.warn({ event: 'tracker.missing' }, 'the tracker is not built: its path answers 404')
  const publicApp = createApp({
    settings,
    pixels,
    ingest: take,
    readiness,
    isClosed: () => closed,
    observe,
    log,
    now,
    ...(tracker && { tracker }),
  })
  const { app } = publicApp
  app.middleware.unshift(probe.middleware)
  const shortcut: Shortcut = (req, res) => !probe.isArmed() && publicApp.shortcut(req, res)
  const mount = createMount(app, shortcut)
  for (const page of pages) app.use(page)
  const admin = adminApi({
    queue,
    probe,
    ingest: take,
    answering: errorReply({ observe, log, now }),
    now,
    ...(password && { password }),
  })
  const adminApp = createAdminApp({
    readiness,
    metrics: { contentType: metrics.registry.contentType, metrics: () => metrics.registry.metrics() },
    pages: [admin, ...(inspector ? [inspector.middleware] : [])],
    log,
  })
  const listeners = createListeners(settings, { app, shortcut, adminApp, observe, now })

  return {
    app,
    adminApp,
    ...mount,
    ingest: take,
    queue,
    inspects: inspector !== undefined,
    async start() {
      try {
        await readiness.start()
        closed = false
        relay.start()
        endWatch = watchQueue({ queue, observe, log, now })
        const { port, adminPort } = settings
        return listen ? await listeners.open() : { port, adminPort }
      } catch (error) {
        await stop(0)
        throw error
      }
    },
    stop,
  }

  async function stop(graceMs = settings.stopTimeoutMs): Promise<void> {
    readiness.close()
    // Nobody waits for a collector that could not start, or is to end at once.
    if (graceMs > 0) await wait(settings.drainMs)
    endWatch()
    closed = true
    inspector?.hangUp()
    await Promise.all([listeners.close(graceMs), relay.stop(graceMs)])
    await inspector?.close()
    await queue.close()
  }
}
