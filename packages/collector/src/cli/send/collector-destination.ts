import type { IncomingEvent } from '@pixel-mirror/common'
import { NoAnswerError } from '../../errors.js'
import type { Secret } from '../../secret.js'
import { TryAgainError, type Delivered, type Destination } from './destination.js'
import { byEvent, type Fault } from './refused.js'

const TRY_AGAIN = new Set([408, 425, 429, 500, 502, 503, 504])

/** What a collector answers, as far as it is needed. */
interface Answer {
  events_received?: number
  rejected?: readonly Fault[]
  error?: { message?: string }
}

export interface CollectorDestinationOptions {
  /** Sent as `Authorization: Bearer`: one of the collector's API keys, or on its admin listener the inspector's password. */
  key?: Secret
  testEventCode?: string
  /** @defaultValue `globalThis.fetch` */
  fetch?: typeof fetch
}

/**
 * Brings orders to a running collector, as any server would.
 *
 * @param eventsUrl the full address that takes events
 */
export function collectorDestination(eventsUrl: string, options: CollectorDestinationOptions = {}): Destination {
  const { key, testEventCode, fetch = globalThis.fetch } = options
  const headers = { 'content-type': 'application/json', ...(key && { authorization: `Bearer ${key.reveal()}` }) }
  return { name: `the collector at ${new URL(eventsUrl).host}`, deliver, close: () => Promise.resolve() }

  async function deliver(events: readonly IncomingEvent[]): Promise<Delivered> {
    const response = await post(JSON.stringify({ data: events, test_event_code: testEventCode }))
    const { events_received: taken = 0, rejected, error } = await readAnswer(response)
    if (response.status === 413 && events.length > 1) return inHalves(events)
    if (response.status === 200 || rejected) return { taken, refused: byEvent(rejected ?? []) }
    const words = error?.message ?? `HTTP ${response.status}`
    if (TRY_AGAIN.has(response.status)) throw new TryAgainError(words, retryAfterMs(response))
    if (response.status === 400 || response.status === 413) {
      return { taken: 0, refused: events.map((_, index) => ({ index, reason: words })) }
    }
    const hint = response.status === 401 ? ' Is the key one of its API_KEYS?' : ''
    throw new NoAnswerError(`${eventsUrl} answered ${response.status}: ${words}${hint}`)
  }

  /** The collector's limit for a body is lower than thought. */
  async function inHalves(events: readonly IncomingEvent[]): Promise<Delivered> {
    const middle = Math.ceil(events.length / 2)
    const first = await deliver(events.slice(0, middle))
    const second = await deliver(events.slice(middle))
    const shifted = second.refused.map(({ index, reason }) => ({ index: index + middle, reason }))
    return { taken: first.taken + second.taken, refused: [...first.refused, ...shifted] }
  }

  async function post(body: string): Promise<Response> {
    try {
      const signal = AbortSignal.timeout(60_000)
      return await fetch(eventsUrl, { method: 'POST', headers, body, redirect: 'error', signal })
    } catch (cause) {
      throw new TryAgainError(`${eventsUrl} does not answer`, undefined, { cause })
    }
  }
}

async function readAnswer(response: Response): Promise<Answer> {
  try {
    return (await response.json()) as Answer
  } catch {
    // A proxy's page instead of the collector's answer: the status says enough.
    return {}
  }
}

function retryAfterMs(response: Response): number | undefined {
  const seconds = Number(response.headers.get('retry-after') ?? NaN)
  return Number.isFinite(seconds) ? seconds * 1_000 : undefined
}
