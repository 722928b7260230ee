import { serverArrival } from '../copies/arrival.js'
import { json, type Answer } from '../http/answer.js'
import type { Refusal } from '../refusal.js'
import { candidate } from '../rules/judge-event.js'
import { warningsFor } from '../rules/warnings.js'
import type { State } from '../state.js'
import type { GraphCall } from './graph-call.js'
import { envelope, fbtraceId, type GraphError } from './graph-error.js'
import { judgeCall, type Judgement } from './judge-call.js'

/** `POST /v{n}/{pixel_id}/events`: takes all events of the call, or none. */
export function takeEvents(state: State, call: GraphCall): Answer {
  const { options, ledger, requests } = state
  const nowMs = options.now()
  const number = ++requests.requests
  const judgement = judgeCall(call, options, { nowMs, futureToleranceMs: options.futureToleranceMs })
  if (judgement.kind === 'refused') {
    state.refuse(refusal(judgement, call, number, nowMs))
    return refused(judgement.error)
  }

  requests.acceptedRequests++
  const { events, testEventCode } = judgement
  const { version, tokenPlace } = call
  const about = {
    request: { number, events: events.length, version, ...(tokenPlace && { tokenPlace }) },
    ...(testEventCode !== undefined && { test_event_code: testEventCode }),
  }
  const warn = (event: Record<string, unknown>) => warningsFor(candidate(event))
  for (const event of events) ledger.take(serverArrival(call.pixelId, event, about, warn), nowMs)
  return json(200, { events_received: events.length, messages: [], fbtrace_id: fbtraceId() })
}

export function refused(error: GraphError, headers: Record<string, string> = {}): Answer {
  return json(error.status, envelope(error, fbtraceId()), headers)
}

function refusal(
  judgement: Judgement & { kind: 'refused' },
  call: GraphCall,
  requestNumber: number,
  atMs: number,
): Refusal {
  const { error, broken, index } = judgement
  const data = call.parameters?.['data']
  const events: unknown[] = Array.isArray(data) ? data : []
  const { event_name: name, event_id: id } = (events[index ?? -1] ?? {}) as Record<string, unknown>
  return {
    atMs,
    requestNumber,
    pixel_id: call.pixelId,
    events: events.length,
    code: error.code,
    ...(error.subcode !== undefined && { subcode: error.subcode }),
    message: error.message,
    ...(broken && {
      rule: broken.rule.name,
      path: index === undefined ? broken.path : `data[${index}].${broken.path}`,
    }),
    ...(typeof name === 'string' && { event_name: name }),
    ...(typeof id === 'string' && { event_id: id }),
  }
}
