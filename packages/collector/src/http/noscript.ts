import type { Middleware } from 'koa'
import type { CollectOptions } from './collect.js'

/** The smallest GIF there is: one transparent pixel. */
const GIF = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')

/**
 * `GET /tr`: the image in `<noscript>`, with the parameters of Meta's own.
 *
 * @see https://developers.facebook.com/documentation/meta-pixel/advanced
 */
export function noscript(options: Omit<CollectOptions, 'maxBodyBytes'>): Middleware {
  const { door, receiver, ingest, renewCookies } = options
  return async function noscript(ctx) {
    const received = receiver.received(ctx.req, door.enter(ctx))
    const event = eventOf(new URLSearchParams(ctx.querystring), received.receivedAtMs, received.referer)
    const result = await ingest(event, received)
    if (result.kind === 'ingested') renewCookies(ctx, received, result.identity)
  }
}

/** Answers with the picture whatever became of the event, or the page would show a broken one. Goes before `errorReply`. */
export const alwaysGif: Middleware = async function alwaysGif(ctx, next) {
  await next()
  ctx.res.setHeader('Content-Type', 'image/gif')
  ctx.res.setHeader('Cache-Control', 'no-store')
  ctx.res.setHeader('Cross-Origin-Resource-Policy', 'cross-origin')
  ctx.status = 200
  ctx.body = GIF
}

/** What the query says, as an event. Exported for its test. */
export function eventOf(query: URLSearchParams, nowMs: number, referer?: string): Record<string, unknown> {
  const options = query.get('dpo')
  return withoutNull({
    pixel_id: query.get('id'),
    event_name: query.get('ev'),
    event_id: query.get('eid'),
    event_time: Math.floor(nowMs / 1000),
    action_source: 'website',
    event_source_url: query.get('dl') ?? referer,
    referrer_url: query.get('rl'),
    user_data: bracketed(query, 'ud'),
    custom_data: bracketed(query, 'cd'),
    data_processing_options: options === null ? null : options.split(',').filter(Boolean),
    data_processing_options_country: numberOf(query.get('dpoco')),
    data_processing_options_state: numberOf(query.get('dpost')),
    mirror: { pixel: 'absent' },
  })
}

/** `cd[value]=1&cd[contents]=[…]` as `{ value: '1', contents: […] }`: Meta's pixel writes lists and objects as JSON. */
function bracketed(query: URLSearchParams, name: string): Record<string, unknown> {
  const entries = Array.from(query).flatMap(([key, value]) => {
    const inner = key.startsWith(`${name}[`) && key.endsWith(']') ? key.slice(name.length + 1, -1) : ''
    return inner === '' ? [] : [[inner, listOrObject(value) ?? value] as const]
  })
  return Object.fromEntries(entries)
}

function listOrObject(text: string): unknown {
  if (!/^[[{]/.test(text)) return undefined
  try {
    return JSON.parse(text)
  } catch {
    // A text that only begins like JSON stays the text it is.
    return undefined
  }
}

function numberOf(text: string | null): number | null {
  return text !== null && /^\d+$/.test(text) ? Number(text) : null
}

function withoutNull(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined))
}
