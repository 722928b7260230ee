import type { Mirror, PixelState } from '@pixel-mirror/common'
import type { Happening } from '../../src/observer.js'
import type { Prepared, Received } from '../../src/pipeline/received.js'
import type { LeasedEvent, StoredAs, Verdict } from '../../src/queue/queue.js'
import type { Outcome } from '../../src/relay/outcome.js'

/** What the collector would tell, made by hand. */

export const PIXEL = '1234567890123456'
export const HASH = '62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f'

export type Ready = Extract<Prepared, { kind: 'ready' }>

export interface EventIdea {
  eventName?: string
  eventId?: string
  pixelId?: string
  pixel?: PixelState
  atMs: number
  eventTimeMs?: number
  matchKeys?: readonly string[]
  repairs?: Ready['repairs']
  money?: { value: number; currency: string }
  ipv6?: boolean
  userData?: Record<string, unknown>
  fields?: Record<string, unknown>
}

export function ready(idea: EventIdea): Ready {
  const { eventName = 'Purchase', pixelId = PIXEL, eventId, atMs, eventTimeMs = atMs - 1_000, money } = idea
  const mirror: Mirror = idea.pixel ? { pixel: idea.pixel } : {}
  const json = JSON.stringify({
    event_name: eventName,
    event_time: Math.floor(eventTimeMs / 1_000),
    ...(eventId !== undefined && { event_id: eventId }),
    action_source: 'website',
    event_source_url: 'https://shop.example/thanks?order=4711&email=jane%40example.com',
    user_data: { em: [HASH], client_ip_address: '203.0.113.9', client_user_agent: 'Mozilla/5.0', ...idea.userData },
    ...(money && { custom_data: money }),
    ...idea.fields,
  })
  return {
    kind: 'ready',
    event: {
      lane: { pixelId },
      eventName,
      eventTimeMs,
      deadlineMs: eventTimeMs + 7 * 86_400_000,
      json,
      ...(eventId !== undefined && { eventId }),
    },
    repairs: idea.repairs ?? [],
    mirror,
    matchKeys: idea.matchKeys ?? ['em', 'client_ip_address', 'client_user_agent'],
    ...(money && { money }),
    ...(idea.ipv6 !== undefined && { ipv6: idea.ipv6 }),
  }
}

export function ingested(
  prepared: readonly Prepared[],
  received: Partial<Received> & { receivedAtMs: number },
  stored?: readonly StoredAs[],
): Happening {
  return {
    kind: 'ingested',
    received: { sender: 'browser', prefetch: false, clientIpAddress: '203.0.113.9', ...received },
    prepared,
    stored: stored ?? prepared.flatMap(({ kind }) => (kind === 'ready' ? (['stored'] as const) : [])),
  }
}

export function leased({ event }: Ready, receivedAtMs: number, ref = event.eventId ?? 'ref'): LeasedEvent {
  return {
    ref,
    eventName: event.eventName,
    eventTimeMs: event.eventTimeMs,
    deadlineMs: event.deadlineMs,
    receivedAtMs,
    json: event.json,
    ...(event.eventId !== undefined && { eventId: event.eventId }),
  }
}

export function attempted(
  events: readonly LeasedEvent[],
  atMs: number,
  outcome: Outcome = { kind: 'accepted', fbtraceId: 'AbC' },
  more: { durationMs?: number; status?: number } = {},
): Happening {
  return {
    kind: 'attempted',
    atMs,
    lane: { pixelId: PIXEL },
    attempt: { events, bytes: 900, durationMs: 120, status: 200, outcome, bisecting: false, ...more },
  }
}

export function settled(
  events: readonly LeasedEvent[],
  atMs: number,
  kind: 'delivered' | 'dead' = 'delivered',
): Happening {
  const verdicts = events.map(({ ref }): Verdict =>
    kind === 'delivered'
      ? { ref, kind }
      : { ref, kind, reason: { cause: 'refused_by_meta', code: 100, subcode: 2804009, message: 'Missing value' } },
  )
  return { kind: 'settled', atMs, lane: { pixelId: PIXEL }, events, verdicts }
}
