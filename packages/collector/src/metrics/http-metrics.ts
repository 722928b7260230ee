import { Histogram, type Registry } from 'prom-client'
import type { Happening } from '../observer.js'
import { firstWords, OTHER } from './labels.js'
import { Tally } from './tally.js'

const METHODS = new Set(['GET', 'HEAD', 'POST', 'OPTIONS', 'PUT', 'DELETE', 'PATCH'])

/** Most answers wait for one sync of the disk, which takes between a tenth of a millisecond and tens of them. */
const DURATION_BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]

/** Rate, errors and duration of what the collector is asked over HTTP. */
export function createHttpMetrics(registry: Registry) {
  const requests = new Tally({
    name: 'pixel_mirror_http_requests_total',
    help: 'HTTP requests answered.',
    labels: ['route', 'method', 'status'],
    registry,
  })
  const duration = new Histogram({
    name: 'pixel_mirror_http_request_duration_seconds',
    help: 'From the first byte of a request to the last of its answer; for events this includes the sync of the disk.',
    labelNames: ['route'],
    buckets: DURATION_BUCKETS_S,
    registers: [registry],
  })
  const turnedAwayRequests = new Tally({
    name: 'pixel_mirror_http_turned_away_total',
    help: 'Requests turned away as a whole, by reason.',
    labels: ['reason'],
    registry,
  })
  const routeLabel = firstWords(100)

  return {
    answered({ route, method, status, durationMs }: Happening & { kind: 'answered' }): void {
      const label = routeLabel(route)
      requests.add(1, label, METHODS.has(method) ? method : OTHER, String(status))
      duration.observe({ route: label }, durationMs / 1_000)
    },
    turnedAway({ reason }: Happening & { kind: 'turned_away' }): void {
      turnedAwayRequests.add(1, reason)
    },
  }
}
