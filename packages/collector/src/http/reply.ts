import { randomBytes } from 'node:crypto'
import type { Context } from 'koa'

/** Answers with a JSON text. */
export function replyJson(ctx: Context, status: number, text: string): void {
  ctx.status = status
  ctx.res.setHeader('Content-Type', 'application/json; charset=utf-8')
  ctx.body = text
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
