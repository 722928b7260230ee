import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { Happening, Observe } from '../observer.js'
import type { Pixels } from '../pixels.js'
import type { Queue } from '../queue/queue.js'
import { createEventMetrics } from './event-metrics.js'
import { createHttpMetrics } from './http-metrics.js'
import { createQueueMetrics } from './queue-metrics.js'
import { createRelayMetrics } from './relay-metrics.js'
import { firstWords } from './labels.js'
import { Tally } from './tally.js'

export interface MetricsOptions {
  /** Asked when Prometheus asks; never in between. */
  queue: Pick<Queue, 'status' | 'lanes' | 'books'>
  pixels: Pixels
  /** Several collectors have this queue, and each tells all of it. @defaultValue `false` */
  sharedQueue?: boolean
  /** For `pixel_mirror_build_info`. */
  version: string
  /** @defaultValue `Date.now` */
  now?: () => number
}

export interface Metrics {
  /** Counts what happens. Costs a few map look-ups a request. */
  observe: Observe
  /** Holds every metric; `registry.metrics()` is the page that Prometheus reads. */
  registry: Registry
}

/**
 * What can be counted, for Prometheus.
 *
 * Names begin with `pixel_mirror_`, units are base units, and the values of labels come from closed sets (`labels.ts`).
 * Node's own metrics keep their usual names (`process_…`, `nodejs_…`), which the usual dashboards know.
 *
 * @see https://prometheus.io/docs/practices/naming/
 */
export function createMetrics({
  queue,
  pixels,
  sharedQueue = false,
  version,
  now = Date.now,
}: MetricsOptions): Metrics {
  const registry = new Registry()
  const http = createHttpMetrics(registry)
  const events = createEventMetrics(registry, pixels)
  const relay = createRelayMetrics(registry, pixels)
  createQueueMetrics(registry, { queue, pixels, shared: sharedQueue, now })
  const alarms = new Tally({
    name: 'pixel_mirror_alarms_total',
    help: 'Times that somebody was called to look, by reason.',
    labels: ['code'],
    registry,
  })
  const alarmCode = firstWords(50)
  new Gauge({
    name: 'pixel_mirror_build_info',
    help: 'Always 1; the labels say what runs.',
    labelNames: ['version', 'node'],
    registers: [registry],
  }).set({ version, node: process.versions.node }, 1)
  collectDefaultMetrics({ register: registry })

  function observe(happening: Happening): void {
    switch (happening.kind) {
      case 'ingested':
        return events.ingested(happening)
      case 'turned_away':
        return http.turnedAway(happening)
      case 'answered':
        return http.answered(happening)
      case 'attempted':
        return relay.attempted(happening)
      case 'settled':
        return relay.settled(happening)
      case 'lane':
        return relay.held(happening)
      case 'alarm':
        return alarms.add(1, alarmCode(happening.code))
    }
  }

  return { observe, registry }
}
