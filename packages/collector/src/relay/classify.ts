import type { IncomingHttpHeaders } from 'node:http'
import type { GraphError } from './meta-error.js'
import { integer, isRecord, readGraphError } from './meta-error.js'
import type { MetaError, Outcome } from './outcome.js'
import { retryAfterMs } from './retry-after.js'
import { readUsage } from './usage.js'

/** What came back for one request. */
export type Reply =
  | { kind: 'answer'; status: number; headers: IncomingHttpHeaders; body: string }
  /** Nothing whole came back. `sent`: the request had begun to leave, so Meta may have acted on it. */
  | { kind: 'no_answer'; why: NoAnswer; sent: boolean }

export type NoAnswer = 'unreachable' | 'certificate' | 'timeout' | 'connection_lost' | 'too_long' | 'aborted'

/**
 * Every cause an outcome can have. `remedies.ts` says for each what a person should do.
 *
 * - accepted, or not: `invalid_event`, `too_old`, `not_all_received`, `unknown_refusal` (the events);
 *   `token_invalid`, `no_permission`, `wrong_pixel`, `app_secret`, `api_version` (the settings);
 *   everything else is about now.
 */
export type Cause =
  | NoAnswer
  | 'server_error'
  | 'unreadable_answer'
  | 'not_meta'
  | 'meta_unavailable'
  | 'throttled'
  | 'blocked'
  | 'too_large'
  | 'invalid_event'
  | 'too_old'
  | 'not_all_received'
  | 'unknown_refusal'
  | 'token_invalid'
  | 'no_permission'
  | 'wrong_pixel'
  | 'app_secret'
  | 'api_version'

const HOUR_MS = 60 * 60 * 1_000

interface Rule {
  /** One code, or the first and the last of a range. */
  code?: number | readonly [number, number]
  subcode?: number | readonly [number, number]
  isTransient?: true
  means:
    { kind: 'retry'; cause: Cause; afterMs?: number } | { kind: 'split'; cause: Cause } | { kind: 'park'; cause: Cause }
}

const retry = (cause: Cause, afterMs?: number): Rule['means'] =>
  afterMs === undefined ? { kind: 'retry', cause } : { kind: 'retry', cause, afterMs }
const split = (cause: Cause): Rule['means'] => ({ kind: 'split', cause })
const park = (cause: Cause): Rule['means'] => ({ kind: 'park', cause })

/**
 * Meta's error codes; the first rule that fits decides. Texts are translated and the HTTP status is 400 for nearly everything,
 * so neither is asked. An error that Meta put into words was not acted upon: such a retry is not ambiguous.
 *
 * @see https://developers.facebook.com/docs/graph-api/guides/error-handling
 * @see https://developers.facebook.com/documentation/ads-commerce/marketing-api/error-reference
 */
const RULES: readonly Rule[] = [
  // The object does not exist, or the token may not see it: nothing is wrong with the events.
  { code: 100, subcode: 33, means: park('wrong_pixel') },

  { code: 4, means: retry('throttled') },
  { code: 17, means: retry('throttled') },
  { code: 32, means: retry('throttled') },
  { code: 341, means: retry('throttled') },
  { code: 613, means: retry('throttled') },
  { code: [80_000, 80_014], means: retry('throttled') },
  { code: 368, means: retry('blocked', HOUR_MS) },

  { isTransient: true, means: retry('meta_unavailable') },

  { code: 100, subcode: 2_804_003, means: split('too_old') },
  { subcode: [2_804_000, 2_804_999], means: split('invalid_event') },
  { code: 100, means: split('invalid_event') },
  { code: 105, means: split('invalid_event') },

  { code: 102, means: park('token_invalid') },
  { code: 190, means: park('token_invalid') },
  // No token at all.
  { code: 2_500, means: park('token_invalid') },
  { code: 104, means: park('app_secret') },
  { code: 3, means: park('no_permission') },
  { code: 10, means: park('no_permission') },
  { code: [200, 299], means: park('no_permission') },
  { code: 803, means: park('wrong_pixel') },
  { code: 2_635, means: park('api_version') },

  { code: 1, means: retry('meta_unavailable') },
  { code: 2, means: retry('meta_unavailable') },
  { code: 5_000, means: retry('meta_unavailable') },
  { code: 21_009, means: retry('meta_unavailable') },
]

/** How often an event must be refused alone, with a code that nobody knows or a count that does not add up, to be believed. */
const TRIES_WHEN_UNSURE = 3

/** What an answer, or its absence, means for the batch. Total: everything has an outcome, and nothing throws. */
export function classify(reply: Reply, sent: { events: number; nowMs: number }): Outcome {
  if (reply.kind === 'no_answer') {
    return { kind: 'retry', cause: reply.why satisfies Cause, ambiguous: reply.sent }
  }
  const body = parse(reply.body)
  const error = body && readGraphError(body)
  if (error !== undefined) return meaningOfError(error, reply, sent.nowMs)
  if (body !== undefined && isSuccess(reply.status)) {
    const received = integer(body['events_received'])
    if (received !== undefined) return meaningOfCount(received, body, sent.events)
  }
  return meaningOfStatus(reply, sent.nowMs)
}

type AnswerReply = Extract<Reply, { kind: 'answer' }>

function meaningOfError(error: GraphError, reply: AnswerReply, nowMs: number): Outcome {
  const means = RULES.find((rule) => fits(rule, error))?.means ?? meaningOfUnknown(reply.status)
  switch (means.kind) {
    case 'retry': {
      const afterMs = longest(means.afterMs, waitAsked(reply, nowMs, means.cause === 'throttled'))
      return { kind: 'retry', cause: means.cause, ambiguous: false, ...(afterMs !== undefined && { afterMs }) }
    }
    case 'split':
      return {
        kind: 'split',
        cause: means.cause,
        reason: error.reason,
        ...(error.hint !== undefined && { hint: error.hint }),
        ...(means.cause === 'unknown_refusal' && { triesAlone: TRIES_WHEN_UNSURE }),
      }
    case 'park':
      return { kind: 'park', cause: means.cause, reason: error.reason }
  }
}

function fits(rule: Rule, { code, subcode, isTransient }: GraphError): boolean {
  return (
    (rule.code === undefined || within(code, rule.code)) &&
    (rule.subcode === undefined || within(subcode, rule.subcode)) &&
    (rule.isTransient === undefined || isTransient)
  )
}

function within(value: number | undefined, range: number | readonly [number, number]): boolean {
  if (value === undefined) return false
  return typeof range === 'number' ? value === range : value >= range[0] && value <= range[1]
}

/** A code in none of the tables. Refusals may be about an event; everything else is about Meta. */
function meaningOfUnknown(status: number): Rule['means'] {
  return status >= 400 && status < 500 ? split('unknown_refusal') : retry('meta_unavailable')
}

/**
 * A 200 counts what it took. All or nothing is the rule, so fewer than sent is not expected; should it happen, sending
 * parts again finds out which, and Meta drops the copies.
 */
function meaningOfCount(received: number, body: Record<string, unknown>, events: number): Outcome {
  const trace = body['fbtrace_id']
  const fbtraceId = typeof trace === 'string' ? { fbtraceId: trace.slice(0, 64) } : {}
  if (received >= events) return { kind: 'accepted', ...fbtraceId }

  const reason: MetaError = { message: `Meta counted ${received} of ${events} events.`, ...fbtraceId }
  return { kind: 'split', cause: 'not_all_received', reason, triesAlone: TRIES_WHEN_UNSURE }
}

/** Statuses of servers and proxies on the way, whose words are not Meta's. None of them can condemn an event. */
function meaningOfStatus(reply: AnswerReply, nowMs: number): Outcome {
  const { status } = reply
  if (status === 413) return { kind: 'retry', cause: 'too_large', ambiguous: false, afterMs: 0 }

  const afterMs = waitAsked(reply, nowMs, status === 429)
  const wait = afterMs !== undefined && { afterMs }
  if (status === 429) return { kind: 'retry', cause: 'throttled', ambiguous: false, ...wait }
  if (status >= 500 || status === 408) return { kind: 'retry', cause: 'server_error', ambiguous: true, ...wait }
  if (isSuccess(status)) return { kind: 'retry', cause: 'unreadable_answer', ambiguous: true }
  return { kind: 'retry', cause: 'not_meta', ambiguous: false, ...wait }
}

/** How long the headers ask to wait: `Retry-After`, and where Meta throttles also the time it says access takes to return. */
function waitAsked({ headers }: AnswerReply, nowMs: number, throttled: boolean): number | undefined {
  return longest(retryAfterMs(headers['retry-after'], nowMs), throttled ? readUsage(headers)?.regainMs : undefined)
}

function longest(...waitsMs: (number | undefined)[]): number | undefined {
  const known = waitsMs.filter((waitMs) => waitMs !== undefined)
  return known.length === 0 ? undefined : Math.max(...known)
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}
