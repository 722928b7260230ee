import type { CollectOptions } from './collect.js'
import type { Handle, TellFailure } from './error-reply.js'
import type { Exchange } from './exchange.js'
import { reply } from './reply.js'
import type { Headers } from './reply.js'

/** The smallest GIF there is: one transparent pixel. */
const GIF = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')

/**
 * `GET /tr`: the image in `<noscript>`, with the parameters of Meta's own.
 *
 * @see https://developers.facebook.com/documentation/meta-pixel/advanced
 */
export function noscript(options: Omit<CollectOptions, 'maxBodyBytes'>): Handle {
  const { door, receiver, ingest, cookieHeaders } = options
  return async function noscript(ctx) {
    // Who asks what a GET would say has shown nobody a page.
    if (ctx.method === 'HEAD') return replyGif(ctx, [])
    const received = receiver.received(ctx.req, door.enter(ctx))
    const event = eventOf(new URLSearchParams(ctx.querystring), received.receivedAtMs, received.referer)
    const result = await ingest(event, received)
    replyGif(ctx, result.kind === 'ingested' ? cookieHeaders(ctx.req, received, result.identity) : [])
  }
}

/** Failures are not shown: the page would have a broken picture. They are counted like all others. */
export const tellWithGif: TellFailure = (ctx) => replyGif(ctx, [])

function replyGif(ctx: Exchange, headers: Headers): void {
  reply(ctx, 200, [...GIF_HEADERS, ...headers], GIF)
}

const GIF_HEADERS: Headers = [
  ...['Content-Type', 'image/gif'],
  ...['Cache-Control', 'no-store'],
  ...['Cross-Origin-Resource-Policy', 'cross-origin'],
]

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
