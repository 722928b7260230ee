import { readCall } from '../graph/graph-call.js'
import { judgeCaller } from '../graph/judge-call.js'
import { refused } from '../graph/refused.js'
import { json } from '../http/answer.js'
import type { Reply, Request } from '../http/request.js'
import type { State } from '../state.js'
import { datasetQuality } from './dataset-quality.js'

const NO_BODY = Buffer.alloc(0)

/** `GET /v{n}/dataset_quality?dataset_id={pixel_id}`, for whoever may send to the pixel. */
export async function qualityEdge({ options, ledger }: State, { method, query, caught, req }: Request): Promise<Reply> {
  const pixelId = query.get('dataset_id') ?? ''
  const { authorization } = req.headers
  const call = await readCall({ method, version: Number(caught[0]), pixelId, query, authorization, body: NO_BODY })
  const error = judgeCaller(call, options, { nowMs: options.now() })
  if (error) return { answer: refused(error) }
  return { answer: json(200, datasetQuality(ledger.copies().filter(({ pixel_id }) => pixel_id === pixelId))) }
}
