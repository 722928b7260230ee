/**
 * What the command line asks of a running collector, on the admin listener: how the queue stands, and the dead letters.
 *
 *     GET  /admin/queue                                                          → QueueReport
 *     GET  /admin/dead-letters?pixel_id=&cause=&since_ms=&after=&limit=          → { letters: DeadLetter[] }
 *     POST /admin/dead-letters  {"action": "replay" | "drop", …DeadLetterFilter} → { replayed, tooOld } | { dropped }
 *                               (no field of a filter at all wants "all": true)
 *     POST /admin/events  the body of /events                                    → what /events answers
 *     POST /admin/probes  {}                                                     → { token }
 *     GET  /admin/probes/{token}                                                 → SeenRequest | null
 *
 * Whoever may not open the inspector may not use it either: from loopback it is open, elsewhere it wants the password
 * as a bearer token, and a wrong one is as slow as there. A page in a browser on the same machine gets nothing: it can set neither the content type
 * `application/json` across origins nor, by a name that it made point here, a `Host` that is ours.
 */
import Router from '@koa/router'
import type { Context, Middleware } from 'koa'
import type { RequestProbe } from './request-probe.js'
import { replyResult, type Ingest } from './http/collect.js'
import type { Answering } from './http/error-reply.js'
import { parseJson, readBody } from './http/json-body.js'
import { Refused } from './http/refusal.js'
import type { PasswordCheck } from './inspector/access/password.js'
import { isLocalRequest } from './inspector/access/local-request.js'
import { reportOn } from './queue-report.js'
import type { DeadLetterFilter, Queue } from './queue/queue.js'

export interface AdminApiOptions {
  queue: Queue
  probe: RequestProbe
  ingest: Ingest
  /** Turns what `ingest` throws into answers: `errorReply()`. */
  answering: Answering
  now: () => number
  /** Wanted from everyone when it is set. */
  password?: PasswordCheck
}

const PATH = '/admin'
const MAX_BODY_BYTES = 1024 * 1024
const MAX_PAGE = 1_000

export function adminApi({ queue, probe, ingest, answering, password, now }: AdminApiOptions): Middleware {
  const router = new Router({ prefix: PATH })

  router.use(async (ctx, next) => {
    ctx.set('Cache-Control', 'no-store')
    if (password ? await admits(ctx, password) : isLocal(ctx)) await next()
  })

  router.get('/queue', async (ctx) => {
    answer(ctx, 200, await reportOn(queue))
  })

  router.get('/dead-letters', async (ctx) => {
    const { pixel_id: pixelId, cause, since_ms: sinceMs, limit, after } = ctx.query
    const filter = readFilter({ pixelId, cause, ...(sinceMs === undefined ? {} : { sinceMs: Number(sinceMs) }) })
    if (filter === undefined) return answer(ctx, 400, { error: 'Cannot read this filter.' })
    const page = { limit: Math.min(Number(limit) || 100, MAX_PAGE), ...(typeof after === 'string' ? { after } : {}) }
    answer(ctx, 200, { letters: await queue.deadLetters.list(filter, page) })
  })

  router.post('/dead-letters', async (ctx) => {
    const { action, all, ...fields } = (await readJson(ctx)) ?? {}
    const filter = readFilter(fields)
    if (filter === undefined || (all !== true && Object.keys(filter).length === 0)) {
      return answer(ctx, 400, { error: 'Say which letters: pixelId, cause, ids, sinceMs, or "all": true.' })
    }
    if (action === 'replay') answer(ctx, 200, await queue.deadLetters.replay(filter))
    else if (action === 'drop') answer(ctx, 200, { dropped: await queue.deadLetters.drop(filter) })
    else answer(ctx, 400, { error: 'Wants JSON with "action": "replay" or "drop".' })
  })

  const events = answering('admin_events', async (ctx: Context) => {
    // What a page of another site can send without being asked first is not JSON by its type.
    if (!ctx.is('application/json')) throw new Refused('not_json')
    const body = parseJson(await readBody(ctx.req, MAX_BODY_BYTES))
    replyResult(ctx, await ingest(body, { sender: 'server', receivedAtMs: now(), prefetch: false }))
  })
  router.post('/events', events)

  router.post('/probes', async (ctx) => {
    if ((await readJson(ctx)) === undefined) return answer(ctx, 400, { error: 'Wants JSON.' })
    answer(ctx, 200, { token: probe.arm() })
  })

  router.get('/probes/:token', (ctx) => {
    ctx.type = 'json'
    ctx.body = JSON.stringify(probe.seen(ctx.params['token'] ?? '') ?? null)
  })

  return router.routes() as Middleware
}

function answer(ctx: Context, status: number, body: object): void {
  ctx.status = status
  ctx.body = body
}

function isLocal(ctx: Context): boolean {
  const local = isLocalRequest(ctx.req)
  if (!local) answer(ctx, 401, { error: 'Answers on loopback only.' })
  return local
}

async function admits(ctx: Context, password: PasswordCheck): Promise<boolean> {
  const given = /^Bearer (.+)$/.exec(ctx.get('Authorization'))?.[1]
  switch (given === undefined ? 'wrong' : await password.check(given)) {
    case 'right':
      return true
    case 'wrong':
      answer(ctx, 401, { error: 'Wants the password of the inspector.' })
      return false
    case 'too_many':
      ctx.set('Retry-After', '10')
      answer(ctx, 429, { error: 'Too many are trying at once. Try again in ten seconds.' })
      return false
  }
}

async function readJson(ctx: Context): Promise<Record<string, unknown> | undefined> {
  if (!ctx.is('application/json')) return undefined
  try {
    const body = parseJson(await readBody(ctx.req, MAX_BODY_BYTES))
    return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : undefined
  } catch {
    // Too large, cut off or no JSON: answered as any other body that is not what is wanted.
    return undefined
  }
}

const FILTER_FIELDS: Readonly<Record<keyof DeadLetterFilter, (value: unknown) => boolean>> = {
  pixelId: (value) => typeof value === 'string',
  cause: (value) => typeof value === 'string',
  ids: (value) => Array.isArray(value) && value.every((id) => typeof id === 'string'),
  sinceMs: Number.isFinite,
}

/** A filter, or `undefined` when anything in it is not understood: a slip of the pen must not mean all letters. */
function readFilter(fields: Readonly<Record<string, unknown>>): DeadLetterFilter | undefined {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined)
  const understood = given.every(
    ([name, value]) => Object.hasOwn(FILTER_FIELDS, name) && FILTER_FIELDS[name as keyof DeadLetterFilter](value),
  )
  return understood ? Object.fromEntries(given) : undefined
}
