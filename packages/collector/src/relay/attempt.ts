import type { Logger } from 'pino'
import type { Observe } from '../observer.js'
import type { Pixels } from '../pixels.js'
import type { LaneKey, LeasedEvent } from '../queue/queue.js'
import { laneName } from '../queue/queue.js'
import type { Reply } from './classify.js'
import { classify } from './classify.js'
import type { GraphApi } from './graph-api.js'
import type { RelayLimits } from './limits.js'
import { timeoutMs } from './limits.js'
import type { MetaClock } from './meta-clock.js'
import type { Outcome } from './outcome.js'
import type { Reach } from './reach.js'
import { requestBody } from './request-body.js'
import type { Usage } from './usage.js'
import { readUsage } from './usage.js'

/** What one request came to. */
export interface Attempted {
  outcome: Outcome
  usage?: Usage
  reach: Reach
}

/** Makes one request for events of one lane. Never throws: what goes wrong is an outcome. */
export type Attempt = (lane: LaneKey, events: readonly LeasedEvent[], bisecting: boolean) => Promise<Attempted>

export interface AttemptOptions {
  api: GraphApi
  pixels: Pixels
  observe: Observe
  log?: Logger | undefined
  now: () => number
  metaClock: MetaClock
  limits: Pick<RelayLimits, 'timeoutMs' | 'timeoutPerEventMs'>
}

/** Builds the body, posts it, sorts the answer, and tells who watches: a line of log and a happening for each request. */
export function createAttempt({ api, pixels, observe, log, now, metaClock, limits }: AttemptOptions): Attempt {
  return async (lane, events, bisecting) => {
    const pixel = pixels.get(lane.pixelId)
    if (pixel === undefined) {
      const reason = { message: 'The settings name no such pixel.' }
      return { outcome: { kind: 'park', cause: 'pixel_not_configured', reason }, reach: 'not_tried' }
    }
    const body = requestBody(lane, events, pixel)

    const startedMs = performance.now()
    const reply = await api.post(pixel.id, body, timeoutMs(events.length, limits))
    const durationMs = performance.now() - startedMs

    const answer = reply.kind === 'answer' ? reply : undefined
    const usage = answer && readUsage(answer.headers)
    let outcome = classify(reply, { events: events.length, nowMs: metaClock.now() })
    if (outcome.kind === 'park' && pixels.get(lane.pixelId)?.accessToken?.reveal() !== pixel.accessToken?.reveal()) {
      // The refusal was for a token that is no longer in use.
      outcome = { kind: 'retry', cause: 'token_changed', ambiguous: false, afterMs: 0 }
    }

    // A proxy's clock is not Meta's.
    const isMetas = answer !== undefined && outcome.kind !== 'retry'
    const clockAheadMs = isMetas ? metaClock.heard(answer.headers.date, durationMs) : undefined

    const atMs = now()
    const status = answer && { status: answer.status }
    observe({
      kind: 'attempted',
      atMs,
      lane,
      attempt: {
        events,
        bytes: body.length,
        durationMs,
        ...status,
        outcome,
        bisecting,
        ...(usage && { usage: usage.share }),
        ...(clockAheadMs !== undefined && { clockAheadMs }),
      },
    })
    log?.[outcome.kind === 'accepted' ? 'info' : 'warn'](
      {
        event: 'relay.request',
        lane: laneName(lane),
        events: events.length,
        bytes: body.length,
        durationMs: Math.round(durationMs),
        ...status,
        bisecting,
        outcome: outcome.kind,
        ...spoken(outcome),
      },
      'request to Meta',
    )
    return { outcome, reach: reachOf(reply), ...(usage && { usage }) }
  }
}

/** What an outcome adds to the log. Meta's words have been cleaned before. */
function spoken(outcome: Outcome): object {
  switch (outcome.kind) {
    case 'accepted':
      return { fbtrace_id: outcome.fbtraceId }
    case 'retry':
      return { cause: outcome.cause, afterMs: outcome.afterMs, ambiguous: outcome.ambiguous }
    case 'split':
    case 'park': {
      const { code, subcode, message, fbtraceId } = outcome.reason
      return { cause: outcome.cause, code, subcode, message, fbtrace_id: fbtraceId }
    }
  }
}

function reachOf(reply: Reply): Reach {
  if (reply.kind === 'answer' || reply.sent) return 'reached'
  return reply.why === 'aborted' ? 'not_tried' : 'failed'
}
