import { CollectorError } from '../errors.js'
import type { TurnedAway } from '../observer.js'

/** How a request is turned away as a whole, in the words of the Graph API's error envelope. */
interface Refusal {
  status: number
  message: string
  type: string
  code: number
  subcode?: number
  /** Ask again after so many seconds. */
  retryAfterS?: number
  /** The rest of the request is not read: the connection must end with the answer. */
  close?: true
}

/**
 * Every way to be turned away, with Meta's codes where Meta has one, so that any Conversions API client knows what to do.
 *
 * @see https://developers.facebook.com/docs/graph-api/guides/error-handling
 */
export const REFUSALS = {
  not_json: { status: 400, code: 100, type: 'OAuthException', message: 'The body is not JSON.' },
  not_an_event: {
    status: 400,
    code: 100,
    type: 'OAuthException',
    message: 'The body is no event and no list of events.',
  },
  api_key: {
    status: 401,
    code: 190,
    type: 'OAuthException',
    message: 'The access token is none of the collector’s API keys.',
  },
  origin: {
    status: 403,
    code: 10,
    type: 'OAuthException',
    message: 'Pages of this origin may not send events here. Servers send an API key.',
  },
  unknown_pixel: {
    status: 400,
    code: 100,
    subcode: 33,
    type: 'GraphMethodException',
    message: 'The collector has no pixel with this id.',
  },
  timeout: {
    status: 408,
    code: 1,
    type: 'OAuthException',
    message: 'The request took too long to arrive.',
    close: true,
  },
  too_large: {
    status: 413,
    code: 1,
    type: 'OAuthException',
    message: 'The body is too large: send fewer events at once.',
    close: true,
  },
  encoding: {
    status: 415,
    code: 100,
    type: 'OAuthException',
    message: 'Compressed bodies are not taken.',
    close: true,
  },
  rate: {
    status: 429,
    code: 4,
    type: 'OAuthException',
    message: 'Too many requests from this address.',
    retryAfterS: 1,
  },
  queue_full: {
    status: 503,
    code: 2,
    type: 'OAuthException',
    message: 'The collector cannot take events right now.',
    retryAfterS: 10,
  },
  closing: {
    status: 503,
    code: 2,
    type: 'OAuthException',
    message: 'The collector is stopping.',
    retryAfterS: 5,
    close: true,
  },
} as const satisfies Record<TurnedAway, Refusal>

/** The request is turned away as a whole. Its sender is at fault, or must come again later: the reason says which. */
export class Refused extends CollectorError {
  override name = 'Refused'
  readonly reason: TurnedAway
  /** For 429: when there is room again. */
  readonly retryAfterS: number | undefined
  /** For 403: the page that may not send. */
  readonly origin: string | undefined

  constructor(reason: TurnedAway, { retryAfterS, origin }: { retryAfterS?: number; origin?: string } = {}) {
    super(reason, REFUSALS[reason].message)
    this.reason = reason
    this.retryAfterS = retryAfterS
    this.origin = origin
  }
}

export function refusal(reason: TurnedAway): Refusal {
  return REFUSALS[reason]
}
