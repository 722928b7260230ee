import type { IncomingMessage } from 'node:http'
import type { Issue } from '@pixel-mirror/common'
import type { Context } from 'koa'
import type { Rejection } from '../pipeline/ingest.js'
import type { Pixels } from '../pixels.js'
import type { CollectOptions } from './collect.js'
import { SERVER } from './entered.js'
import { envelope } from './error-reply.js'
import type { Handle } from './error-reply.js'
import type { Exchange } from './exchange.js'
import { readForm } from './form-body.js'
import { parseJson, readBody } from './json-body.js'
import { Refused } from './refusal.js'
import { replyJson, traceId } from './reply.js'

/** `/v26.0/1234567890/events`, the version being the client's own affair. */
export const GRAPH_EDGE_PATH = /^(?:\/v\d+(?:\.\d+)?)?\/(\d{1,20})\/events\/?$/

type Params = Readonly<Record<string, unknown>>

/**
 * `POST /v{n}/{pixel_id}/events`: the Graph API's own edge, so that any Conversions API client works unchanged when pointed
 * here. Its `access_token` is one of the collector's API keys; `appsecret_proof` and other parameters of the client are not needed.
 *
 * As with Meta, parameters come in the query, as JSON, or as a form in which `data` is JSON text; the body's win.
 *
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/using-the-api
 */
export function graphEdge(options: Omit<CollectOptions, 'cookieHeaders'> & { pixels: Pixels }): Handle {
  const { door, receiver, ingest, maxBodyBytes, pixels } = options
  return async function graphEdge(ctx) {
    const { req } = ctx
    let params: Params = {}
    await door.enterWithToken(req, async () => {
      params = { ...query(ctx), ...parse(req, await readBody(req, maxBodyBytes)) }
      return typeof params['access_token'] === 'string' ? params['access_token'] : undefined
    })

    const pixelId = GRAPH_EDGE_PATH.exec(ctx.path)?.[1] ?? ''
    if (pixels.get(pixelId) === undefined) throw new Refused('unknown_pixel')
    const data = listOf(params['data'])
    const testEventCode = params['test_event_code']
    const received = receiver.received(req, SERVER)
    received.pixelId = pixelId
    const result = await ingest(
      { data, ...(typeof testEventCode === 'string' && { test_event_code: testEventCode }) },
      received,
    )
    if (result.kind === 'not_an_event') replyRefused(ctx, result.issues)
    else replyAsMetaDoes(ctx, result.eventsReceived, result.rejected)
  }
}

/** As Meta answers, except that one bad event does not take the others with it: it is named in `messages`. */
function replyAsMetaDoes(ctx: Exchange, eventsReceived: number, rejected: readonly Rejection[]): void {
  if (rejected.length > 0 && eventsReceived === 0) return replyRefused(ctx, rejected)
  const answer = { events_received: eventsReceived, messages: rejected.map(inWords), fbtrace_id: traceId() }
  replyJson(ctx, 200, JSON.stringify(rejected.length > 0 ? { ...answer, rejected } : answer))
}

function replyRefused(ctx: Exchange, rejected: readonly (Issue | Rejection)[]): void {
  const [first] = rejected
  const error = { message: `Invalid parameter: ${first && inWords(first)}`, type: 'OAuthException', code: 100 }
  replyJson(ctx, 400, envelope(error, { rejected }))
}

function inWords({ path, message, ...event }: Issue | Rejection): string {
  const place = 'index' in event ? `data[${event.index}]${path && `.${path}`}` : path
  return place === '' ? message : `${place}: ${message}`
}

function query({ req }: Context): Params {
  const start = req.url?.indexOf('?') ?? -1
  return start < 0 ? {} : Object.fromEntries(new URLSearchParams(req.url!.slice(start + 1)))
}

function parse({ headers }: IncomingMessage, body: Buffer): Params {
  const form = readForm(headers['content-type'], body)
  if (form !== undefined) return form
  if (body.length === 0) return {}
  const json = parseJson(body)
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new Refused('not_an_event')
  return json as Params
}

/** `data` itself, or the JSON text of it. */
function listOf(data: unknown): unknown[] {
  const list = typeof data === 'string' ? parseJson(Buffer.from(data)) : data
  if (!Array.isArray(list) || list.length === 0) throw new Refused('not_an_event')
  return list
}
