import type { Issue } from '@pixel-mirror/common'
import type { Context, Middleware } from 'koa'
import type { Received } from '../pipeline/received.js'
import type { Door } from './door.js'
import { envelope } from './error-reply.js'
import { parseJson, readBody } from './json-body.js'
import type { Receiver } from './received.js'
import { refusal } from './refusal.js'
import { replyJson, traceId } from './reply.js'
import type { CookieJar } from './set-cookie.js'
import type { CookieToSet } from './set-cookie.js'

/** Everything between the socket and the disk; see `pipeline/ingest.ts`. */
export type Ingest = (body: unknown, received: Received) => Promise<Ingested>

export interface Ingested {
  /** How many events are safe now, or were so before. */
  eventsReceived: number
  rejected: readonly Rejected[]
  /** Cookies that the visitor's browser should keep. */
  cookies: readonly CookieToSet[]
}

export interface Rejected {
  /** The event's place in `data`. */
  index: number
  eventId?: string
  issues: readonly Issue[]
}

export interface CollectOptions {
  door: Door
  receiver: Receiver
  ingest: Ingest
  cookies: CookieJar
  maxBodyBytes: number
}

/** `POST /events`: events from browsers and servers. The answer is sent when they are safe, and says how many are. */
export function collect({ door, receiver, ingest, cookies, maxBodyBytes }: CollectOptions): Middleware {
  return async function collect(ctx) {
    const { sender, origin, pixels } = door.enter(ctx)
    const body = parseJson(await readBody(ctx.req, maxBodyBytes))
    const received = receiver.received(ctx.req, sender, origin)
    if (typeof pixels === 'object') received.pixelIds = pixels
    const ingested = await ingest(body, received)
    if (sender === 'browser') cookies.set(ctx, ingested.cookies, origin)
    replyIngested(ctx, ingested)
  }
}

/** 200 with how many are safe and which are not wanted; 400 when none is. */
function replyIngested(ctx: Context, { eventsReceived, rejected }: Ingested): void {
  if (rejected.length === 0) return replyJson(ctx, 200, `{"events_received":${eventsReceived}}`)
  const list = faults(rejected)
  if (eventsReceived > 0)
    return replyJson(ctx, 200, JSON.stringify({ events_received: eventsReceived, rejected: list }))
  const { message } = list[0] ?? refusal('not_an_event')
  replyJson(ctx, 400, envelope({ message, type: 'OAuthException', code: 100 }, traceId(), { rejected: list }))
}

/** One thing that is wrong, as an answer lists it. */
export interface Fault {
  index: number
  event_id?: string
  code: string
  path: string
  message: string
}

/** Everything that is wrong, event by event. */
export function faults(rejected: readonly Rejected[]): Fault[] {
  return rejected.flatMap(({ index, eventId, issues }) =>
    issues.map(({ code, path, message }) => ({
      index,
      ...(eventId !== undefined && { event_id: eventId }),
      code,
      path,
      message,
    })),
  )
}
