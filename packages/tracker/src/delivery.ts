/**
 * Brings events to the collector: gathers what belongs together, sends it so that it survives the end of the page, and tries again.
 *
 * A plain `text/plain` body with no header of our own needs no preflight, which at the end of a page would come back too late.
 */
import { writeBody, type TrackedEvent } from './body.js'
import type { IncomingEvent } from '@pixel-mirror/common'

/** How long after the first event of a burst its request leaves. */
const BURST_MS = 50
/** Browsers allow 64 KiB and 256 requests in flight with keepalive, shared with everything else on the page: some room is left. */
const MAX_KEEPALIVE_BYTES = 60_000
const MAX_KEEPALIVE_REQUESTS = 200
/** What waits in memory, for a consent or a collector; the oldest go first. */
const MAX_WAITING = 1_000
const MAX_BACKOFF_MS = 300_000

export interface DeliveryOptions {
  _url: () => string
  /** What every event of a request shares, as of now. */
  _context: () => IncomingEvent
  /** Whether anything may leave yet. */
  _mayLeave: () => boolean
  _onOutcome: (kind: 'sent' | 'rejected' | 'dropped', event: TrackedEvent, why?: unknown) => void
}

export interface Delivery {
  _add: (event: TrackedEvent) => void
  /** Sends what waits; resolves when every event in question has its answer. */
  _flush: () => Promise<unknown>
}

export function createDelivery({ _url, _context, _mayLeave, _onOutcome }: DeliveryOptions): Delivery {
  let waiting: TrackedEvent[] = []
  let timer: ReturnType<typeof setTimeout> | undefined
  let failures = 0
  let keepaliveBytes = 0
  let keepaliveRequests = 0

  const add = (...events: TrackedEvent[]) => {
    waiting.push(...events)
    while (waiting.length > MAX_WAITING) _onOutcome('dropped', waiting.shift()!, 'full')
  }

  const later = (ms: number) => {
    timer ??= setTimeout(() => void flush(), ms)
  }

  const again = (events: TrackedEvent[], retryAfterS: number) => {
    add(...events)
    // Full jitter, so that a collector that comes back is not met by everybody at once.
    later(retryAfterS * 1_000 || Math.random() * Math.min(MAX_BACKOFF_MS, 1_000 * 2 ** failures++))
  }

  const send = async (events: TrackedEvent[]): Promise<unknown> => {
    const body = writeBody(events, _context())
    const bytes = new Blob([body]).size
    if (bytes > MAX_KEEPALIVE_BYTES && events[1]) {
      const half = events.length >> 1
      return Promise.all([send(events.slice(0, half)), send(events.slice(half))])
    }
    const keepalive = keepaliveBytes + bytes <= MAX_KEEPALIVE_BYTES && keepaliveRequests < MAX_KEEPALIVE_REQUESTS
    if (keepalive) {
      keepaliveBytes += bytes
      keepaliveRequests++
    }
    try {
      const response = await fetch(_url(), { method: 'POST', body, keepalive, credentials: 'include' })
      const { status } = response
      if (status > 499 || status === 408 || status === 425 || status === 429) {
        return again(events, Number(response.headers.get('retry-after')))
      }
      failures = 0
      const answer = (await response.json().catch(() => ({}))) as Answer
      events.forEach((event, index) => {
        const why =
          answer.rejected?.find((rejection) => rejection.index === index) ??
          (response.ok ? undefined : (answer.error ?? status))
        _onOutcome(why ? 'rejected' : 'sent', event, why)
      })
    } catch {
      // No network, or an ad blocker.
      again(events, 0)
    } finally {
      if (keepalive) {
        keepaliveBytes -= bytes
        keepaliveRequests--
      }
    }
    return
  }

  const flush = async (): Promise<unknown> => {
    clearTimeout(timer)
    timer = undefined
    if (!waiting[0] || !_mayLeave()) return
    const events = waiting
    waiting = []
    return send(events)
  }

  return {
    _add(event) {
      add(event)
      later(BURST_MS)
    },
    _flush: flush,
  }
}

/** What the collector answers. */
interface Answer {
  rejected?: { index: number }[]
  error?: unknown
}
