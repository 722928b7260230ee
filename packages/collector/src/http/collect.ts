import type { IngestResult } from '../pipeline/ingest.js'
import type { Received } from '../pipeline/received.js'
import type { Door } from './door.js'
import { envelope } from './error-reply.js'
import type { Handle } from './error-reply.js'
import type { Exchange } from './exchange.js'
import { parseJson, readBody } from './json-body.js'
import type { Receiver } from './received.js'
import { replyJson } from './reply.js'
import type { Headers } from './reply.js'
import type { CookieHeaders } from './set-cookie.js'

/** Everything between the socket and the disk, see `pipeline/ingest.ts`. */
export type Ingest = (body: unknown, received: Received) => Promise<IngestResult>

export interface CollectOptions {
  door: Door
  receiver: Receiver
  ingest: Ingest
  cookieHeaders: CookieHeaders
  maxBodyBytes: number
}

/** `POST /events`: events from browsers and servers. The answer is sent when they are safe, and says how many are. */
export function collect({ door, receiver, ingest, cookieHeaders, maxBodyBytes }: CollectOptions): Handle<Exchange> {
  return async function collect(ctx) {
    const entered = door.enter(ctx)
    const body = await readBody(ctx.req, maxBodyBytes)
    const received = receiver.received(ctx.req, entered)
    const result = await ingest(parseJson(body), received)
    replyResult(ctx, result, result.kind === 'ingested' ? cookieHeaders(ctx.req, received, result.identity) : [])
  }
}

/** 200 with how many are safe and which were not taken; 400 when none was. */
export function replyResult(ctx: Exchange, result: IngestResult, headers: Headers = []): void {
  if (result.kind === 'not_an_event') return replyRefused(ctx, result.issues)
  const { eventsReceived, rejected } = result
  if (rejected.length === 0) replyJson(ctx, 200, `{"events_received":${eventsReceived}}`, headers)
  else if (eventsReceived === 0) replyRefused(ctx, rejected)
  else replyJson(ctx, 200, JSON.stringify({ events_received: eventsReceived, rejected }), headers)
}

/** Nothing was taken: the first reason stands in Meta's envelope, all of them beside it. */
function replyRefused(ctx: Exchange, rejected: readonly { code: string; message: string }[]): void {
  const error = { message: rejected[0]?.message ?? '', type: 'OAuthException', code: 100 }
  const foreign = rejected.every(({ code }) => code === 'origin_not_allowed')
  replyJson(ctx, foreign ? 403 : 400, envelope(error, { rejected }))
}
