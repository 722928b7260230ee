import { Gauge, Histogram, type Registry } from 'prom-client'
import type { Happening } from '../observer.js'
import type { Pixels } from '../pixels.js'
import { firstWords, pixelLabel } from './labels.js'
import { Tally } from './tally.js'

const LATENCY_BUCKETS_S = [0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.5, 2.5, 5, 10, 30]
const DELAY_BUCKETS_S = [0.5, 1, 1.5, 2, 5, 10, 30, 60, 300, 900, 3_600, 21_600, 86_400, 604_800]

/** What happened between the queue and Meta. */
export function createRelayMetrics(registry: Registry, pixels: Pixels) {
  const requests = new Tally({
    name: 'pixel_mirror_relay_requests_total',
    help: 'Requests to Meta, by what the answer (or its absence) meant. `cause` is empty for accepted ones.',
    labels: ['pixel', 'outcome', 'cause'],
    registry,
  })
  const bisecting = new Tally({
    name: 'pixel_mirror_relay_bisect_requests_total',
    help: 'Requests to Meta that were part of looking for one bad event.',
    labels: ['pixel'],
    registry,
  })
  const latency = new Histogram({
    name: 'pixel_mirror_relay_request_duration_seconds',
    help: "Meta's latency: how long one request took.",
    labelNames: ['outcome'],
    buckets: LATENCY_BUCKETS_S,
    registers: [registry],
  })
  const batchEvents = new Histogram({
    name: 'pixel_mirror_relay_batch_events',
    help: 'Events in one request to Meta.',
    buckets: [1, 2, 5, 10, 20, 50, 100, 250, 500, 1_000],
    registers: [registry],
  })
  const batchBytes = new Histogram({
    name: 'pixel_mirror_relay_batch_bytes',
    help: 'Size of one request to Meta.',
    buckets: [1_000, 4_000, 16_000, 64_000, 256_000, 1_000_000, 4_000_000],
    registers: [registry],
  })
  const settledEvents = new Tally({
    name: 'pixel_mirror_relay_events_total',
    help: 'Events by what became of them: delivered, dead, expired, or free (back in the queue).',
    labels: ['pixel', 'result'],
    registry,
  })
  const deaths = new Tally({
    name: 'pixel_mirror_relay_dead_letters_total',
    help: 'Events that became dead letters, by cause.',
    labels: ['pixel', 'cause'],
    registry,
  })
  const delay = new Histogram({
    name: 'pixel_mirror_relay_delivery_delay_seconds',
    help: "From the collector's answer to Meta's, for the oldest event of each delivered batch.",
    buckets: DELAY_BUCKETS_S,
    registers: [registry],
  })
  const usage = new Gauge({
    name: 'pixel_mirror_relay_limit_usage_ratio',
    help: "Share of Meta's rate limits that is used, by its last answer; from 1 on Meta throttles.",
    labelNames: ['pixel'],
    registers: [registry],
  })
  const clock = new Gauge({
    name: 'pixel_mirror_clock_ahead_seconds',
    help: "How far this machine's clock is ahead of Meta's (negative: behind), by its last answer; from a minute on it is wrong. 0 before the first answer.",
    registers: [registry],
  })
  const holds = new Tally({
    name: 'pixel_mirror_relay_lane_holds_total',
    help: 'Times that a lane was stopped: throttled (wait) or parked (somebody must mend something).',
    labels: ['pixel', 'kind'],
    registry,
  })
  const pixel = pixelLabel(pixels)
  const causeWord = firstWords(100)

  return {
    attempted({ lane, attempt }: Happening & { kind: 'attempted' }): void {
      const pixelId = pixel(lane.pixelId)
      const { outcome } = attempt
      requests.add(1, pixelId, outcome.kind, outcome.kind === 'accepted' ? '' : causeWord(outcome.cause))
      if (attempt.bisecting) bisecting.add(1, pixelId)
      latency.observe({ outcome: outcome.kind }, attempt.durationMs / 1_000)
      batchEvents.observe(attempt.events.length)
      batchBytes.observe(attempt.bytes)
      if (attempt.usage !== undefined) usage.set({ pixel: pixelId }, attempt.usage)
      if (attempt.clockAheadMs !== undefined) clock.set(attempt.clockAheadMs / 1_000)
    },
    settled({ atMs, lane, events, verdicts }: Happening & { kind: 'settled' }): void {
      const pixelId = pixel(lane.pixelId)
      const results = { delivered: 0, free: 0, dead: 0, expired: 0 }
      for (const verdict of verdicts) {
        results[verdict.kind]++
        if (verdict.kind === 'dead' || verdict.kind === 'expired') {
          deaths.add(1, pixelId, causeWord(verdict.reason.cause))
        }
      }
      for (const [result, count] of Object.entries(results)) {
        if (count > 0) settledEvents.add(count, pixelId, result)
      }
      const [oldest] = events
      if (results.delivered > 0 && oldest) delay.observe(Math.max(0, atMs - oldest.receivedAtMs) / 1_000)
    },
    held({ lane, hold }: Happening & { kind: 'lane' }): void {
      if (hold) holds.add(1, pixel(lane.pixelId), hold.kind)
    },
  }
}
