import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Context } from 'koa'

const compress = promisify(gzip)

/** Below this the headers weigh more than what is saved. */
const WORTH_IT_BYTES = 2_048

/** Sends a JSON answer compressed where the browser takes it: lists of events shrink to a tenth. */
export async function compressJson(ctx: Context): Promise<void> {
  const { body } = ctx
  if (typeof body !== 'object' || body === null || Buffer.isBuffer(body)) return
  const json = JSON.stringify(body)
  ctx.type = 'application/json'
  ctx.vary('accept-encoding')
  if (json.length < WORTH_IT_BYTES || ctx.acceptsEncodings('gzip', 'identity') !== 'gzip') {
    ctx.body = json
    return
  }
  ctx.set('content-encoding', 'gzip')
  ctx.body = await compress(json, { level: 5 })
}
