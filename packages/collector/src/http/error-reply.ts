import type { Context, Middleware } from 'koa'
import { QueueFullError, QueueUnavailableError } from '../errors.js'
import type { Log } from '../logger.js'
import type { Observe } from '../observer.js'
import { truncatedAddress } from './address.js'
import { Refused, refusal } from './refusal.js'
import { replyJson, traceId } from './reply.js'

export interface ErrorReplyOptions {
  observe: Observe
  log: Log
  now: () => number
}

/**
 * The one place that turns errors into replies, in the Graph API's envelope, and that says how each request ended.
 *
 * First in the chain of every route. What is a refusal is answered as its table says; anything else is a fault of ours: the
 * log gets its stack, the sender a plain 500.
 */
export function errorReply({ observe, log, now }: ErrorReplyOptions): Middleware {
  return async function errorReply(ctx, next) {
    const startedMs = performance.now()
    // Nothing here is ever to be taken for something else by a browser.
    ctx.res.setHeader('X-Content-Type-Options', 'nosniff')
    try {
      await next()
    } catch (error) {
      const refused = asRefused(error)
      if (refused === undefined) {
        log.error({ event: 'http.failed', route: routeOf(ctx), err: error }, 'a request failed')
        replyJson(
          ctx,
          500,
          envelope({ message: 'An unknown error occurred.', type: 'OAuthException', code: 1 }, traceId()),
        )
      } else {
        turnAway(ctx, refused)
      }
    }
    observe({
      kind: 'answered',
      atMs: now(),
      route: routeOf(ctx),
      method: ctx.method,
      status: ctx.status,
      durationMs: performance.now() - startedMs,
    })
  }

  function turnAway(ctx: Context, { reason, retryAfterS }: Refused): void {
    const { status, close, retryAfterS: usualS, ...error } = refusal(reason)
    const id = traceId()
    const waitS = retryAfterS ?? usualS
    if (waitS !== undefined) ctx.res.setHeader('Retry-After', String(waitS))
    if (close) ctx.res.setHeader('Connection', 'close')
    replyJson(ctx, status, envelope(error, id))
    observe({ kind: 'turned_away', atMs: now(), status, reason })
    const from = truncatedAddress(ctx.req.socket.remoteAddress ?? '')
    log.debug({ event: 'http.turned_away', reason, status, from, fbtrace_id: id }, 'turned a request away')
  }
}

/** What the queue throws when it cannot take events is a refusal as well: come again later. */
function asRefused(error: unknown): Refused | undefined {
  if (error instanceof Refused) return error
  return error instanceof QueueFullError || error instanceof QueueUnavailableError
    ? new Refused('queue_full')
    : undefined
}

interface GraphError {
  message: string
  type: string
  code: number
  subcode?: number
}

/** @see https://developers.facebook.com/docs/graph-api/guides/error-handling */
export function envelope({ message, type, code, subcode }: GraphError, fbtrace_id: string, more?: object): string {
  const error = { message, type, code, ...(subcode !== undefined && { error_subcode: subcode }), fbtrace_id }
  return JSON.stringify({ error, ...more })
}

/** The route's name, never the path: a path can hold anything. */
function routeOf(ctx: Context): string {
  const { _matchedRouteName: name } = ctx as { _matchedRouteName?: string }
  return name ?? 'other'
}
