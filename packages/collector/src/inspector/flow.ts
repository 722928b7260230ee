import { createHash } from 'node:crypto'
import type { Happening } from '../observer.js'
import type { Prepared, Received } from '../pipeline/received.js'
import { byRef } from '../queue/by-ref.js'
import type { LaneKey, LeasedEvent, QueuedEvent, StoredAs, Verdict } from '../queue/queue.js'
import type { Outcome } from '../relay/outcome.js'
import { remedyFor } from '../relay/remedies.js'
import type { FlowAttempt, FlowEvent, FlowRow, FlowState } from './api.js'
import { twinOf } from './count-happening.js'
import { mayHoldEmail, redactWord, truncateAddress } from './redact-event.js'
import { createSampler } from './sampler.js'

/** An event that was picked to be shown, as it was when it came. `json` is not yet redacted and goes no further than the store. */
export interface Sample {
  event: FlowEvent
  json?: string
  /** How its later life is recognised: `eventKey()`. */
  key?: string
}

/** Something that became of a picked event. */
export type Step =
  | { id: number; kind: 'attempt'; state?: FlowState; attempt: FlowAttempt }
  | { id: number; kind: 'settled'; settled: NonNullable<FlowEvent['settled']> }

export interface FlowLimits {
  /** Events a second that are picked. */
  perSecond: number
  /** Of refused and left-out ones, a second. They are rarer and more interesting. */
  troublesPerSecond: number
  /** Picked events whose later life is followed at the same time. */
  followed: number
}

/** A picked event that was met again, and where among the others. */
interface Followed {
  id: number
  key: string
  ref: string
  position: number
}

const FLOW_LIMITS: FlowLimits = { perSecond: 40, troublesPerSecond: 10, followed: 5_000 }

/** Picks events and follows them: received, sent, answered. */
export interface Flow {
  observe(happening: Happening): void
  /** Goes on following events that were picked before a restart. */
  follow(waiting: readonly { id: number; key: string }[]): void
}

/**
 * @param onSample an event was picked
 * @param onStep one that was picked went on
 */
export function createFlow(
  onSample: (sample: Sample) => void,
  onStep: (step: Step) => void,
  limits: FlowLimits = FLOW_LIMITS,
): Flow {
  const mayPick = createSampler(limits.perSecond)
  const mayPickTrouble = createSampler(limits.troublesPerSecond)
  const followed = new Map<string, number>()
  let lastId = 0

  /** Rises, also across restarts, as long as the clock does. */
  const nextId = (atMs: number): number => (lastId = Math.max(lastId + 1, atMs * 1_000))

  function followOne(key: string, id: number): void {
    followed.set(key, id)
    if (followed.size <= limits.followed) return
    const oldest = followed.keys().next().value
    if (oldest !== undefined) followed.delete(oldest)
  }

  function ingested({ received, prepared, stored }: Extract<Happening, { kind: 'ingested' }>): void {
    let nextStored = 0
    for (const one of prepared) {
      const stays = one.kind === 'ready' ? stored[nextStored++] : undefined
      if (!(one.kind === 'ready' ? mayPick : mayPickTrouble)(received.receivedAtMs)) continue
      const sample = sampleOf(nextId(received.receivedAtMs), received, one, stays)
      if (sample.key !== undefined) followOne(sample.key, sample.event.id)
      onSample(sample)
    }
  }

  function attempted({ atMs, lane, attempt }: Extract<Happening, { kind: 'attempted' }>): void {
    const seen = followedOf(lane, attempt.events)
    if (seen.length === 0) return
    const { outcome } = attempt
    const told: FlowAttempt = {
      atMs,
      durationMs: attempt.durationMs,
      events: attempt.events.length,
      bytes: attempt.bytes,
      outcome: outcome.kind,
      bisecting: attempt.bisecting,
      ...(attempt.status !== undefined && { status: attempt.status }),
      ...(outcome.kind === 'accepted' ? optional({ fbtraceId: outcome.fbtraceId }) : troubleOf(outcome)),
    }
    const state = STATE_AFTER[outcome.kind]
    for (const { id } of seen) onStep({ id, kind: 'attempt', attempt: told, ...(state && { state }) })
  }

  function settled({ atMs, lane, events, verdicts }: Extract<Happening, { kind: 'settled' }>): void {
    const seen = followedOf(lane, events)
    if (seen.length === 0) return
    const verdictOf = byRef<Verdict>(verdicts)
    for (const { id, key, ref, position } of seen) {
      const verdict = verdictOf(ref, position)
      if (!verdict || verdict.kind === 'free') continue
      followed.delete(key)
      const reason = verdict.kind === 'delivered' ? undefined : verdict.reason
      onStep({
        id,
        kind: 'settled',
        settled: { kind: verdict.kind, atMs, ...optional({ reason, remedy: reason && remedyFor(reason) }) },
      })
    }
  }

  function followedOf(lane: LaneKey, events: readonly LeasedEvent[]): Followed[] {
    if (followed.size === 0) return []
    return events.flatMap((event, position) => {
      const key = eventKey(lane.pixelId, event)
      const id = followed.get(key)
      return id === undefined ? [] : [{ id, key, ref: event.ref, position }]
    })
  }

  return {
    observe(happening) {
      if (happening.kind === 'ingested') ingested(happening)
      else if (happening.kind === 'attempted') attempted(happening)
      else if (happening.kind === 'settled') settled(happening)
    },
    follow(waiting) {
      for (const { id, key } of waiting) followOne(key, id)
    },
  }
}

/** A line of the Flow view from the whole story. */
export function flowRow(event: FlowEvent): FlowRow {
  const {
    came: _came,
    issues: _issues,
    sent: _sent,
    attempts: _attempts,
    attemptsLeftOut: _left,
    settled: _settled,
    ...row
  } = event
  return row
}

function troubleOf(outcome: Exclude<Outcome, { kind: 'accepted' }>) {
  const reason = 'reason' in outcome ? outcome.reason : undefined
  return {
    cause: outcome.cause,
    remedy: remedyFor({ ...reason, cause: outcome.cause }),
    ...optional({ message: reason?.message, fbtraceId: reason?.fbtraceId }),
  }
}

/** What an attempt makes of the event; after an accepted one the verdict speaks. */
const STATE_AFTER = {
  accepted: undefined,
  retry: 'retrying',
  split: 'retrying',
  park: 'parked',
} as const satisfies Record<FlowAttempt['outcome'], FlowState | undefined>

const STATE_WHEN = {
  stored: 'waiting',
  duplicate: 'duplicate',
  refused: 'rejected',
} as const satisfies Record<StoredAs, FlowState>

/**
 * An event is known by its id, as Meta knows it; without one by its time, which is nearly as good.
 * Keys are kept on disk while their event waits: one in which a site has put an e-mail address is hashed.
 */
function eventKey(pixelId: string, { eventName, eventId, eventTimeMs }: LeasedEvent | QueuedEvent): string {
  const key = `${pixelId} ${eventName} ${eventId ?? eventTimeMs}`
  return mayHoldEmail(key) ? createHash('sha256').update(key).digest('base64url') : key
}

function sampleOf(id: number, received: Received, one: Prepared, stored: StoredAs | undefined): Sample {
  const base: FlowEvent = {
    id,
    atMs: received.receivedAtMs,
    pixelId: '',
    eventName: '',
    sender: received.sender,
    twin: 'unknown',
    state: 'waiting',
    matchKeys: [],
    repairs: [],
    issues: [],
    attempts: [],
    attemptsLeftOut: 0,
    came: {
      fbpCookie: received.fbp !== undefined,
      fbcCookie: received.fbc !== undefined,
      ...optional({
        origin: received.origin,
        address: received.clientIpAddress && truncateAddress(received.clientIpAddress),
        userAgent: received.clientUserAgent?.slice(0, 300),
      }),
    },
  }
  switch (one.kind) {
    case 'ready': {
      const { event, mirror, repairs, matchKeys, money } = one
      return {
        event: {
          ...base,
          pixelId: event.lane.pixelId,
          eventName: redactWord(event.eventName),
          twin: twinOf(mirror, received.sender),
          state: STATE_WHEN[stored ?? 'stored'],
          matchKeys,
          repairs,
          ...optional({
            eventId: event.eventId && redactWord(event.eventId),
            testEventCode: event.lane.testEventCode,
            money,
          }),
        },
        json: event.json,
        ...(stored === 'stored' && { key: eventKey(event.lane.pixelId, event) }),
      }
    }
    case 'rejected':
      return {
        event: {
          ...base,
          pixelId: one.pixelId ?? '',
          eventName: redactWord(one.eventName ?? ''),
          twin: twinOf(one.mirror, received.sender),
          state: 'rejected',
          issues: one.issues,
          ...optional({ eventId: one.eventId && redactWord(one.eventId) }),
        },
      }
    case 'dropped':
      return { event: { ...base, pixelId: one.pixelId, state: 'dropped', dropReason: one.reason } }
  }
}

/** Leaves out what is not there, as `exactOptionalPropertyTypes` wants it. */
function optional<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never
}
