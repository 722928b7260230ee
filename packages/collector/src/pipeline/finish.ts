import type { Mirror } from '@pixel-mirror/common'
import type { LaneKey, QueuedEvent } from '../queue/queue.js'
import type { Draft } from './draft.js'
import type { Findings } from './findings.js'
import type { MatchData } from './match-memory.js'
import type { Incoming } from './prepare.js'
import type { Identity, Prepared, Received } from './received.js'
import { deadlineMs } from './requirements.js'
import { readMirror } from './validate/mirror.js'
import { writeJson } from './write-json.js'

/** Larger than any sensible event; Meta names no limit. In characters of JSON. */
export const MAX_EVENT_LENGTH = 64 * 1024

type Ready = Extract<Prepared, { kind: 'ready' }>

interface Circumstances {
  incoming: Incoming
  pixelId: string | undefined
  received: Received
  findings: Findings
  matchData: MatchData | undefined
}

/** Writes the event as Meta will read it, or says why it is refused. */
export function finish(draft: Draft, { incoming, pixelId, received, findings, matchData }: Circumstances): Prepared {
  const { issues, repairs } = findings
  const mirror = readMirror(incoming.mirror)
  const json = issues.length === 0 ? writeJson(draft) : ''
  if (json.length > MAX_EVENT_LENGTH) findings.refuse('event_too_large', '')
  if (issues.length > 0 || pixelId === undefined) return rejected(draft, pixelId, mirror, findings)

  const { event_name, event_id, event_time, user_data } = draft
  const event: QueuedEvent = {
    lane: lane(pixelId, received.testEventCode),
    eventName: event_name,
    eventTimeMs: event_time * 1000,
    deadlineMs: deadlineMs(draft),
    json,
  }
  if (event_id !== undefined) event.eventId = event_id
  const ready: Ready = { kind: 'ready', event, repairs, mirror, matchKeys: Object.keys(user_data) }
  const money = moneyOf(draft)
  if (money !== undefined) ready.money = money
  if (isIpv6(user_data.client_ip_address)) ready.ipv6 = true
  if (received.sender === 'browser') ready.identity = identityOf(draft)
  if (matchData !== undefined) ready.matchData = matchData
  return ready
}

function rejected(draft: Draft, pixelId: string | undefined, mirror: Mirror, { issues }: Findings): Prepared {
  return {
    kind: 'rejected',
    issues,
    mirror,
    ...(draft.event_id !== undefined && { eventId: draft.event_id }),
    ...(pixelId !== undefined && { pixelId }),
    ...(draft.event_name !== '' && { eventName: draft.event_name }),
  }
}

function lane(pixelId: string, testEventCode: string | undefined): LaneKey {
  return testEventCode === undefined ? { pixelId } : { pixelId, testEventCode }
}

function moneyOf({ custom_data }: Draft): { value: number; currency: string } | undefined {
  const { value, currency } = custom_data ?? {}
  return value !== undefined && currency !== undefined ? { value, currency } : undefined
}

function identityOf({ user_data: { fbp, fbc } }: Draft): Identity {
  return { fbp: typeof fbp === 'string' ? fbp : undefined, fbc: typeof fbc === 'string' ? fbc : undefined }
}

function isIpv6(address: unknown): boolean {
  return typeof address === 'string' && address.includes(':')
}
