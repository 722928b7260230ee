import { effectOf } from '../behaviour/effect.js'
import { json, type Answer } from '../http/answer.js'
import { pause } from '../http/delivery.js'
import { readBody } from '../http/read-body.js'
import type { Reply, Request } from '../http/request.js'
import type { State } from '../state.js'
import { readCall, type RawCall } from './graph-call.js'
import { GRAPH_ERRORS } from './graph-error.js'
import { refused } from './refused.js'
import { takeEvents, takeUnread } from './take-events.js'
import { usageHeaders } from './usage-headers.js'

/** `POST /v{n}/{pixel_id}/events`: the Conversions API, in good health unless told otherwise. */
export async function eventsEdge(state: State, { method, query, caught, req }: Request): Promise<Reply> {
  const [version = '', pixelId = ''] = caught
  const number = ++state.requests.requests
  const { fault, usage, delayMs } = state.behaviours.plan(pixelId)
  const effect = fault && effectOf(fault, pixelId)
  if (fault) state.requests.faultyRequests++
  if (effect?.delivery.kind === 'reset' && !effect.taken) return { answer: NO_ANSWER, delivery: effect.delivery }

  const body = await readBody(req, state.options.maxBodyBytes)
  if (!body) return { answer: refused(GRAPH_ERRORS.bodyTooLarge) }
  const { authorization, 'content-type': contentType } = req.headers
  const raw = { method, version: Number(version), pixelId, query, authorization, contentType, body }

  const right = effect?.taken === false ? NO_ANSWER : await take(state, raw, number)
  const answer = effect?.answer ?? right
  const headers = { ...answer.headers, ...(usage && usageHeaders(pixelId, usage.percent, usage.regainMinutes ?? 0)) }
  await pause(delayMs)
  return { answer: { ...answer, headers }, ...(effect && { delivery: effect.delivery }) }
}

/** Looks at the events as closely as the options ask for. */
async function take(state: State, raw: RawCall, number: number): Promise<Answer> {
  const { strict, keep, pixels } = state.options
  const onlyCounts = !strict && keep === 'counts' && !pixels
  return onlyCounts ? takeUnread(state, raw.body) : takeEvents(state, await readCall(raw), number)
}

/** Stands in where nothing will be sent. */
const NO_ANSWER = json(500, {})
