import { serverArrival } from '../copies/arrival.js'
import { json, type Answer } from '../http/answer.js'
import type { Refusal } from '../refusal.js'
import { candidate } from '../rules/judge-event.js'
import { warningsFor } from '../rules/warnings.js'
import type { State } from '../state.js'
import { countEvents } from './count-events.js'
import type { GraphCall } from './graph-call.js'
import { fbtraceId, poisonError } from './graph-error.js'
import { judgeCall, type Judgement } from './judge-call.js'
import { refused } from './refused.js'

type Refused = Judgement & { kind: 'refused' }

/** Takes all events of a call, or none, and says so as Meta does. */
export function takeEvents(state: State, call: GraphCall, number: number): Answer {
  const nowMs = state.options.now()
  const judgement = poisoned(state, call, judge(state, call, nowMs))
  if (judgement.kind === 'refused') {
    state.refuse(refusal(judgement, call, number, nowMs))
    return refused(judgement.error)
  }

  const { events, testEventCode } = judgement
  const { version, tokenPlace, pixelId } = call
  const about = {
    request: { number, events: events.length, version, ...(tokenPlace && { tokenPlace }) },
    ...(testEventCode !== undefined && { test_event_code: testEventCode }),
  }
  for (const event of events) state.ledger.take(serverArrival(pixelId, event, about, warningsOf), nowMs)
  return accepted(state, events.length)
}

/** Takes a body for what it seems to be. */
export function takeUnread(state: State, body: Buffer): Answer {
  const events = countEvents(body)
  state.ledger.count(events)
  return accepted(state, events)
}

function accepted(state: State, events: number): Answer {
  state.requests.acceptedRequests++
  return json(200, { events_received: events, messages: [], fbtrace_id: fbtraceId() })
}

function judge({ options }: State, call: GraphCall, nowMs: number): Judgement {
  return judgeCall(call, options, { nowMs, futureToleranceMs: options.futureToleranceMs })
}

/** An event may be bad because somebody said so. */
function poisoned({ behaviours }: State, call: GraphCall, judgement: Judgement): Judgement {
  if (judgement.kind === 'refused') return judgement
  const found = behaviours.poisoned(call.pixelId, judgement.events)
  return found ? { kind: 'refused', error: poisonError(found.poison.subcode), index: found.index } : judgement
}

function warningsOf(event: Record<string, unknown>): string[] {
  return warningsFor(candidate(event))
}

function refusal({ error, broken, index }: Refused, call: GraphCall, requestNumber: number, atMs: number): Refusal {
  const data = call.parameters?.['data']
  const events: unknown[] = Array.isArray(data) ? data : []
  const { event_name: name, event_id: id } = (events[index ?? -1] ?? {}) as Record<string, unknown>
  const path = [index !== undefined && `data[${index}]`, broken?.path].filter(Boolean).join('.')
  return {
    atMs,
    requestNumber,
    pixel_id: call.pixelId,
    events: events.length,
    code: error.code,
    ...(error.subcode !== undefined && { subcode: error.subcode }),
    message: error.message,
    ...(broken && { rule: broken.rule.name }),
    ...(path !== '' && { path }),
    ...(typeof name === 'string' && { event_name: name }),
    ...(typeof id === 'string' && { event_id: id }),
  }
}
