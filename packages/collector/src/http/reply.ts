import { randomBytes } from 'node:crypto'
import type { Exchange } from './exchange.js'
import { lingerAfter } from './linger.js'

/** Header names and values in turn, as Node takes them in one go: cheaper than one call for each. */
export type Headers = readonly string[]

const COMMON: Headers = ['X-Content-Type-Options', 'nosniff']
const JSON_TYPE: Headers = ['Content-Type', 'application/json; charset=utf-8']

/** Where they wait: a symbol, because `state` belongs to the host as well. */
const REQUIRED = Symbol('headers')
const LINGERS = Symbol('lingers')

interface Required {
  [REQUIRED]?: Headers
  [LINGERS]?: true
}

/** Headers that every answer to this request must have, whatever becomes of it: those of CORS. */
export function setHeaders(ctx: Exchange, headers: Headers): void {
  ;(ctx.state as Required)[REQUIRED] = headers
}

/** The answer to this request closes the connection: not before the request has been read. */
export function setLingering(ctx: Exchange): void {
  ;(ctx.state as Required)[LINGERS] = true
}

/**
 * Answers at once, past Koa: its own way of answering costs as much as reading the request.
 *
 * A host application's middleware sees the status, but cannot change the answer any more.
 */
export function reply(ctx: Exchange, status: number, headers: Headers, body: string | Buffer): void {
  const { [REQUIRED]: required = [], [LINGERS]: lingers } = ctx.state as Required
  ctx.respond = false
  // A 204 must not have a length.
  const length = body === '' ? [] : ['Content-Length', String(Buffer.byteLength(body))]
  ctx.res.writeHead(status, [...COMMON, ...required, ...headers, ...length])
  if (lingers) lingerAfter(ctx.req, ctx.res, body)
  else ctx.res.end(body)
}

/** Answers with a JSON text. */
export function replyJson(ctx: Exchange, status: number, text: string, headers?: Headers): void {
  reply(ctx, status, headers === undefined ? JSON_TYPE : [...JSON_TYPE, ...headers], text)
}

/**
 * A trace id as Meta gives one with each answer, to find a request again in the log.
 *
 * Cheap, because clients of the Graph edge get one each time: a random beginning for this process, then a number.
 */
export function traceId(): string {
  return PROCESS + (++answers).toString(36).padStart(7, '0')
}

const PROCESS = `M${randomBytes(11).toString('base64url')}`
let answers = 0
