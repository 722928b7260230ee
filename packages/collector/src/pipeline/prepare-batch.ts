import { limits } from '@pixel-mirror/common'
import type { Issue } from '@pixel-mirror/common'
import { issue } from './findings.js'
import type { PipelineOptions } from './pipeline-options.js'
import { prepare } from './prepare.js'
import type { Incoming } from './prepare.js'
import type { Prepared, Received } from './received.js'

export type BatchPrepared =
  | {
      kind: 'prepared'
      /** One for each event of the body, in order. */
      prepared: Prepared[]
      /** Names the Test Events view that the sender asked for. */
      testEventCode?: string
    }
  /** The body as a whole says nothing that could be an event. */
  | { kind: 'not_an_event'; issues: Issue[] }

/**
 * All events of one request. The body may be `{data, common?, test_event_code?}`, a list of events, or one event, as hand-made relays send it.
 */
export function prepareBatch(body: unknown, received: Received, options: PipelineOptions): BatchPrepared {
  const read = readBody(body)
  if (read.kind === 'not_an_event') return read
  const testEventCode = testEventCodeOf(received, read.testEventCode)
  let known = testEventCode === received.testEventCode ? received : withTestEventCode(received, testEventCode)
  const prepared = read.events.map((event) => {
    if (!isObject(event)) return NOT_AN_OBJECT
    const one = prepare(read.common ? merge(read.common, event) : event, known, options)
    known = remembering(known, one)
    return one
  })
  return testEventCode === undefined ? { kind: 'prepared', prepared } : { kind: 'prepared', prepared, testEventCode }
}

const NOT_AN_OBJECT: Prepared = { kind: 'rejected', issues: [issue('event_not_an_object', '')] }

type Body =
  | { kind: 'read'; events: readonly unknown[]; common?: Incoming; testEventCode?: unknown }
  | Extract<BatchPrepared, { kind: 'not_an_event' }>

function readBody(body: unknown): Body {
  if (Array.isArray(body)) return counted({ kind: 'read', events: body })
  if (!isObject(body)) return notAnEvent('not_an_event')
  const data = typeof body.data === 'string' ? parsed(body.data) : body.data
  if (Array.isArray(data)) {
    const common = isObject(body.common) ? { common: body.common } : {}
    return counted({ kind: 'read', events: data, ...common, testEventCode: body.test_event_code })
  }
  return 'event_name' in body
    ? { kind: 'read', events: [body], testEventCode: body.test_event_code }
    : notAnEvent('not_an_event')
}

function counted(body: Extract<Body, { kind: 'read' }>): Body {
  if (body.events.length === 0) return notAnEvent('no_events')
  return body.events.length > limits.MAX_EVENTS_PER_REQUEST ? notAnEvent('too_many_events') : body
}

function notAnEvent(code: 'not_an_event' | 'no_events' | 'too_many_events'): Body {
  return { kind: 'not_an_event', issues: [issue(code, code === 'not_an_event' ? '' : 'data')] }
}

/** Clients of the Graph API that send a form carry `data` as JSON text. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Not JSON: the body is no event, and is refused as such.
    return undefined
  }
}

/** An event's own field wins over the common one; `user_data` and `mirror` are merged key by key. */
function merge(common: Incoming, event: Incoming): Incoming {
  const { user_data, mirror } = event
  const merged = { user_data, mirror, ...common, ...event }
  merged.user_data = mergeField(common.user_data, user_data)
  merged.mirror = mergeField(common.mirror, mirror)
  return merged
}

function mergeField(common: unknown, own: unknown): unknown {
  if (own == null) return common
  return isObject(common) && isObject(own) ? { ...common, ...own } : own
}

/** Meta's codes look like `TEST12345`. */
const TEST_EVENT_CODE = /^[A-Za-z0-9_-]{1,40}$/

/** Visitors cannot ask for Test Events: each code is a lane of its own, and their number must stay the operator's choice. */
function testEventCodeOf(received: Received, code: unknown): string | undefined {
  if (received.testEventCode !== undefined) return received.testEventCode
  const allowed = received.sender === 'server' && typeof code === 'string' && TEST_EVENT_CODE.test(code)
  return allowed ? code : undefined
}

function withTestEventCode(received: Received, testEventCode: string | undefined): Received {
  return testEventCode === undefined ? received : { ...received, testEventCode }
}

/** What an event says about its visitor, the next one of the request knows. */
function remembering(received: Received, one: Prepared): Received {
  if (one.kind !== 'ready' || one.matchData === undefined) return received
  const matchMemory = new Map(received.matchMemory).set(one.event.lane.pixelId, one.matchData)
  return { ...received, matchMemory }
}

function isObject(value: unknown): value is Incoming {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
