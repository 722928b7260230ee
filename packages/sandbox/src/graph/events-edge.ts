import { effectOf } from '../behaviour/effect.js'
import { json } from '../http/answer.js'
import { pause } from '../http/delivery.js'
import { readBody } from '../http/read-body.js'
import type { Reply, Request } from '../http/request.js'
import type { State } from '../state.js'
import { readCall } from './graph-call.js'
import { GRAPH_ERRORS } from './graph-error.js'
import { refused } from './refused.js'
import { takeEvents } from './take-events.js'
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
  const call = await readCall({ method, version: Number(version), pixelId, query, authorization, contentType, body })

  const right = !effect || effect.taken ? takeEvents(state, call, number) : NO_ANSWER
  const answer = effect?.answer ?? right
  const headers = { ...answer.headers, ...(usage && usageHeaders(pixelId, usage.percent, usage.regainMinutes ?? 0)) }
  await pause(delayMs)
  return { answer: { ...answer, headers }, ...(effect && { delivery: effect.delivery }) }
}

/** Stands in where nothing will be sent. */
const NO_ANSWER = json(500, {})
