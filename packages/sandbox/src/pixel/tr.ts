import { browserArrival } from '../copies/arrival.js'
import { text } from '../http/answer.js'
import { readBody } from '../http/read-body.js'
import type { Reply, Request } from '../http/request.js'
import { readFields } from '../http/read-fields.js'
import type { State } from '../state.js'
import { readHit } from './browser-hit.js'

/** One transparent pixel. */
const GIF = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')

/** `GET|POST /tr`: where the pixel sends the browser's copies. Whatever comes, the answer is an image. */
export async function tr(state: State, { method, query, req }: Request): Promise<Reply> {
  const body = method === 'POST' ? await readBody(req, state.options.maxBodyBytes) : undefined
  const fields = body?.length ? await readFields(body, req.headers['content-type'] ?? '') : undefined
  const hit = readHit([...query, ...Object.entries(fields ?? {})])
  if (/^\d+$/.test(hit.pixel_id)) state.ledger.take(browserArrival(hit), state.options.now())
  return { answer: text(200, 'image/gif', GIF) }
}
