import type { Context } from 'koa'
import { QueueFullError, QueueUnavailableError } from '../errors.js'
import type { Log } from '../logger.js'
import type { Observe } from '../observer.js'
import type { Exchange } from './exchange.js'
import { Refused, refusal } from './refusal.js'
import { replyJson, setLingering, traceId } from './reply.js'
import type { Headers } from './reply.js'
import { createTurnedAwayLog } from './turned-away-log.js'

export interface ErrorReplyOptions {
  observe: Observe
  log: Log
  now: () => number
}

/** How a route tells a failure: the Graph API's envelope, unless it answers with a picture. */
export type TellFailure = (ctx: Exchange, status: number, error: GraphError, headers: Headers) => void

/** A route's work. It is last in its chain. @typeParam Ctx how much it needs of Koa's context */
export type Handle<Ctx extends Exchange = Context> = (ctx: Ctx) => unknown

/** Makes a route of its work: `answering('events', collect)`. Its name is told to the watchers; a path can hold anything. */
export type Answering = <Ctx extends Exchange>(
  route: string,
  handle: Handle<Ctx>,
  tell?: TellFailure,
) => (ctx: Ctx) => Promise<void>

/**
 * The one place that turns errors into replies, and that says how each request ended.
 *
 * Around every route. What is a refusal is answered as its table says; anything else is a fault of ours: the log gets its
 * stack, the sender a plain 500.
 */
export function errorReply({ observe, log, now }: ErrorReplyOptions): Answering {
  const note = createTurnedAwayLog(log, now)
  return (route, handle, tell = tellInEnvelope) =>
    async function answering(ctx) {
      const startedMs = performance.now()
      let status: number | undefined
      try {
        await handle(ctx)
      } catch (error) {
        const refused = asRefused(error)
        status = refused === undefined ? fail(ctx, route, error, tell) : turnAway(ctx, refused, tell)
      }
      observe({
        kind: 'answered',
        atMs: now(),
        route,
        method: ctx.method,
        status: status ?? ctx.res.statusCode,
        durationMs: performance.now() - startedMs,
      })
    }

  function turnAway(ctx: Exchange, { reason, retryAfterS, origin }: Refused, tell: TellFailure): number {
    const { status, close, retryAfterS: usualS, ...error } = refusal(reason)
    const waitS = retryAfterS ?? usualS
    const headers = [
      ...(waitS === undefined ? [] : ['Retry-After', String(waitS)]),
      ...(close ? ['Connection', 'close'] : []),
    ]
    if (close) setLingering(ctx)
    tell(ctx, status, error, headers)
    observe({ kind: 'turned_away', atMs: now(), status, reason })
    note(reason, origin)
    return status
  }

  function fail(ctx: Exchange, route: string, error: unknown, tell: TellFailure): number {
    log.error({ event: 'http.failed', route, err: error }, 'a request failed')
    if (!ctx.res.headersSent)
      tell(ctx, 500, { message: 'An unknown error occurred.', type: 'OAuthException', code: 1 }, [])
    return 500
  }
}

function tellInEnvelope(ctx: Exchange, status: number, error: GraphError, headers: Headers): void {
  replyJson(ctx, status, envelope(error), headers)
}

/** What the queue throws when it cannot take events is a refusal as well: come again later. */
function asRefused(error: unknown): Refused | undefined {
  if (error instanceof Refused) return error
  return error instanceof QueueFullError || error instanceof QueueUnavailableError
    ? new Refused('queue_full')
    : undefined
}

/** What stands in the envelope. */
export interface GraphError {
  message: string
  type: string
  code: number
  subcode?: number
}

/** @see https://developers.facebook.com/docs/graph-api/guides/error-handling */
export function envelope({ message, type, code, subcode }: GraphError, more?: object): string {
  const error = { message, type, code, ...(subcode !== undefined && { error_subcode: subcode }), fbtrace_id: traceId() }
  return JSON.stringify({ error, ...more })
}
