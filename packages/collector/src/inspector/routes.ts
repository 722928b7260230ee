import Router from '@koa/router'
import type { Context } from 'koa'
import { laneName, type DeadLetter, type DeadLetterFilter, type Queue } from '../queue/queue.js'
import type { Pixel, Pixels } from '../pixels.js'
import { remedyFor } from '../relay/remedies.js'
import type { DeadLetterPage, DeadLetterRow, FlowState, Health, MetaQuality, Setup, Summary } from './api.js'
import { refuse, SESSION_COOKIE } from './access/guard.js'
import type { PasswordCheck } from './access/password.js'
import type { Sessions } from './access/sessions.js'
import { readHealth } from './health.js'
import type { History } from './history.js'
import { readJsonObject } from './json-body.js'
import type { Live } from './live.js'
import { isRangeName } from './range.js'
import { redactEvent, redactWord } from './redact-event.js'

export interface RouteOptions {
  queue: Queue
  pixels: Pixels
  history: History
  live: Live
  now: () => number
  startedAtMs: number
  sandbox: boolean
  metaQuality: (pixel: Pixel) => Promise<MetaQuality>
  historyState: () => Health['history']
  /** None when no password is set. */
  door?: { password: PasswordCheck; sessions: Sessions }
}

const EVENTS_A_PAGE = 100
const LETTERS_A_PAGE = 50
const ALL_STATES: readonly FlowState[] = [
  'waiting',
  'retrying',
  'parked',
  'delivered',
  'dead',
  'expired',
  'rejected',
  'dropped',
  'duplicate',
]

/** Everything the page asks for. Reading is GET; whatever changes something is POST (see `guard.ts`). */
export function createRoutes(options: RouteOptions): Router {
  const { queue, pixels, history, live, now, door } = options
  const router = new Router({ prefix: '/inspect/api' })

  router.get('/setup', (ctx) => {
    const setup: Setup = {
      nowMs: now(),
      pixels: pixels.all().map(({ id, testEventCode, accessToken }) => ({
        id,
        hasToken: accessToken !== undefined,
        ...(testEventCode !== undefined && { testEventCode }),
      })),
      sandbox: options.sandbox,
      password: door !== undefined,
    }
    ctx.body = setup
  })

  router.get('/summary', async (ctx) => {
    const range = text(ctx, 'range') ?? '1h'
    if (!isRangeName(range)) return refuse(ctx, 400, 'unknown_range', 'There is no such range.')
    const nowMs = now()
    const summary: Summary = {
      nowMs,
      ...(await history.summary({
        range,
        nowMs,
        offsetMinutes: Math.max(-900, Math.min(900, number(ctx, 'offset') ?? 0)),
        ...filterOf(ctx),
      })),
    }
    ctx.body = summary
  })

  router.get('/events', async (ctx) => {
    const states = text(ctx, 'states')
      ?.split(',')
      .filter((state): state is FlowState => (ALL_STATES as readonly string[]).includes(state))
    const search = text(ctx, 'search')?.slice(0, 100)
    const [before, after] = [number(ctx, 'before'), number(ctx, 'after')]
    ctx.body = await history.events({
      limit: EVENTS_A_PAGE,
      ...filterOf(ctx),
      ...(states && { states }),
      ...(search !== undefined && { search }),
      ...(before !== undefined && { before }),
      ...(after !== undefined && { after }),
    })
  })

  router.get('/events/:id', async (ctx) => {
    const event = await history.event(Number(ctx.params['id']))
    if (!event) return refuse(ctx, 404, 'not_kept', 'This event is no longer kept here.')
    ctx.body = event
  })

  router.get('/health', async (ctx) => {
    ctx.body = await readHealth(queue, {
      nowMs: now(),
      startedAtMs: options.startedAtMs,
      wrongPasswords: door?.password.wrong() ?? 0,
      history: options.historyState(),
    })
  })

  router.get('/meta-quality', async (ctx) => {
    const pixel = pixels.get(text(ctx, 'pixel') ?? '')
    if (!pixel) return refuse(ctx, 404, 'unknown_pixel', 'This pixel is not configured.')
    ctx.body = await options.metaQuality(pixel)
  })

  router.get('/dead-letters', async (ctx) => {
    const after = text(ctx, 'after')
    const letters = await queue.deadLetters.list(letterFilterOf(ctx.query), {
      limit: LETTERS_A_PAGE,
      ...(after !== undefined && { after }),
    })
    const last = letters.length === LETTERS_A_PAGE ? letters.at(-1) : undefined
    const page: DeadLetterPage = {
      letters: letters.map((letter) => letterRow(letter)),
      ...(last && { after: last.id }),
    }
    ctx.body = page
  })

  router.post('/dead-letters/replay', async (ctx) => {
    const choice = await choiceOf(ctx)
    if (choice) ctx.body = await queue.deadLetters.replay(choice)
  })

  router.post('/dead-letters/drop', async (ctx) => {
    const choice = await choiceOf(ctx)
    if (choice) ctx.body = { dropped: await queue.deadLetters.drop(choice) }
  })

  router.get('/stream', (ctx) => {
    ctx.respond = false
    const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' }
    ctx.res.writeHead(200, headers)
    const token = ctx.cookies.get(SESSION_COOKIE)
    const mayStay = () => !door || door.sessions.lasts(token)
    if (!live.add(ctx.res, mayStay)) ctx.res.end('event: full\ndata: {}\n\n')
  })

  router.post('/login', async (ctx) => {
    if (!door) return refuse(ctx, 404, 'no_password', 'No password is set.')
    const body = await readJsonObject(ctx.req)
    const guess = body?.['password']
    if (typeof guess !== 'string' || guess.length > 1_000) return refuse(ctx, 400, 'no_guess', 'Send a password.')
    switch (await door.password.check(guess)) {
      case 'right':
        // Whoever ends TLS before us says so; then the cookie must not travel without it.
        if (ctx.get('x-forwarded-proto') === 'https') ctx.cookies.secure = true
        ctx.cookies.set(SESSION_COOKIE, door.sessions.begin(), {
          httpOnly: true,
          sameSite: 'strict',
          path: '/inspect/',
          overwrite: true,
        })
        ctx.body = {}
        return
      case 'wrong':
        return refuse(ctx, 401, 'wrong_password', 'That is not the password.')
      case 'too_many':
        ctx.set('retry-after', '10')
        return refuse(ctx, 429, 'too_many', 'Too many are trying at once. Try again in ten seconds.')
    }
  })

  router.post('/logout', (ctx) => {
    door?.sessions.end(ctx.cookies.get(SESSION_COOKIE))
    live.dismiss()
    ctx.cookies.set(SESSION_COOKIE, null, { path: '/inspect/' })
    ctx.body = {}
  })

  return router
}

function text(ctx: Context, name: string): string | undefined {
  const value = ctx.query[name]
  const first = Array.isArray(value) ? value[0] : value
  return first === '' ? undefined : first
}

function number(ctx: Context, name: string): number | undefined {
  const value = Number(text(ctx, name))
  return Number.isFinite(value) ? value : undefined
}

function filterOf(ctx: Context): { pixelId?: string; eventName?: string } {
  const [pixelId, eventName] = [text(ctx, 'pixel'), text(ctx, 'name')]
  return { ...(pixelId !== undefined && { pixelId }), ...(eventName !== undefined && { eventName }) }
}

function letterFilterOf(from: Record<string, unknown>): DeadLetterFilter {
  const { pixel, cause } = from
  return {
    ...(typeof pixel === 'string' && pixel !== '' && { pixelId: pixel }),
    ...(typeof cause === 'string' && cause !== '' && { cause }),
  }
}

/** Which letters the body chooses. An empty choice would mean all of them, so it must be said: `{"all": true}`. */
async function choiceOf(ctx: Context): Promise<DeadLetterFilter | undefined> {
  const body = await readJsonObject(ctx.req)
  const ids = body?.['ids']
  const filter = body ? letterFilterOf(body) : {}
  if (Array.isArray(ids) && ids.length > 0 && ids.every((id) => typeof id === 'string')) return { ...filter, ids }
  if (ids === undefined && (Object.keys(filter).length > 0 || body?.['all'] === true)) return filter
  refuse(ctx, 400, 'nothing_chosen', 'Say which dead letters: by ids, by pixel or cause, or all of them.')
  return undefined
}

function letterRow({ lane, json, eventName, eventId, ...rest }: DeadLetter): DeadLetterRow {
  return {
    ...rest,
    eventName: redactWord(eventName),
    ...(eventId !== undefined && { eventId: redactWord(eventId) }),
    pixelId: laneName(lane),
    event: redactEvent(json),
    remedy: remedyFor(rest.reason),
  }
}
