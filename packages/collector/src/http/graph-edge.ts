import type { IncomingMessage } from 'node:http'
import type { Context, Middleware } from 'koa'
import type { Pixels } from '../pixels.js'
import { faults } from './collect.js'
import type { CollectOptions, Ingested } from './collect.js'
import { envelope } from './error-reply.js'
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
export function graphEdge(options: Omit<CollectOptions, 'cookies'> & { pixels: Pixels }): Middleware {
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
    const received = receiver.received(req, 'server', undefined)
    received.pixelId = pixelId
    const ingested = await ingest(
      { data, ...(typeof testEventCode === 'string' && { test_event_code: testEventCode }) },
      received,
    )
    replyAsMetaDoes(ctx, ingested)
  }
}

/** As Meta answers, except that one bad event does not take the others with it: it is named in `messages`. */
function replyAsMetaDoes(ctx: Context, { eventsReceived, rejected }: Ingested): void {
  const list = faults(rejected)
  const messages = list.map(({ index, path, message }) => `data[${index}]${path && `.${path}`}: ${message}`)
  if (rejected.length > 0 && eventsReceived === 0) {
    const error = { message: `Invalid parameter: ${messages[0]}`, type: 'OAuthException', code: 100 }
    return replyJson(ctx, 400, envelope(error, traceId(), { rejected: list }))
  }
  const answer = { events_received: eventsReceived, messages, fbtrace_id: traceId() }
  replyJson(ctx, 200, JSON.stringify(list.length > 0 ? { ...answer, rejected: list } : answer))
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
