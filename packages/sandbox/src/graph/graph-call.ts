import { readFields } from '../http/read-fields.js'
import { isObject } from '../rules/field-type.js'

/** Where the caller put the access token. In the URL it ends up in logs. */
export type TokenPlace = 'header' | 'query' | 'body'

/** One call of an edge, read but not yet judged. */
export interface GraphCall {
  method: string
  /** `26` of `v26.0`. */
  version: number
  pixelId: string
  accessToken?: string
  tokenPlace?: TokenPlace
  appsecretProof?: string
  /** The parameters, whether they came as JSON, as a form or in the query. `undefined`: the body was neither. */
  parameters: Record<string, unknown> | undefined
}

export interface RawCall {
  method: string
  version: number
  pixelId: string
  query: URLSearchParams
  authorization?: string | undefined
  contentType?: string | undefined
  body: Buffer
}

/** Finds the token in any of the places where Meta accepts it, and the parameters in any of the forms. */
export async function readCall(raw: RawCall): Promise<GraphCall> {
  const fromQuery = Object.fromEntries(raw.query)
  const fromBody = await readParameters(raw.body, raw.contentType ?? '')
  const bearer = /^(?:Bearer|OAuth) +(\S+)$/i.exec(raw.authorization ?? '')?.[1]

  const tokens: [TokenPlace, unknown][] = [
    ['header', bearer],
    ['body', fromBody?.['access_token']],
    ['query', fromQuery['access_token']],
  ]
  const token = tokens.find((entry): entry is [TokenPlace, string] => typeof entry[1] === 'string' && entry[1] !== '')
  const parameters = fromBody && { ...fromQuery, ...fromBody }
  const proof = parameters?.['appsecret_proof']

  return {
    method: raw.method,
    version: raw.version,
    pixelId: raw.pixelId,
    ...(token && { tokenPlace: token[0], accessToken: token[1] }),
    ...(typeof proof === 'string' && { appsecretProof: proof }),
    parameters,
  }
}

async function readParameters(body: Buffer, contentType: string): Promise<Record<string, unknown> | undefined> {
  if (body.length === 0) return {}
  const fields = await readFields(body, contentType)
  if (!fields) {
    const parsed = parseJson(body.toString('utf8'))
    return isObject(parsed) ? parsed : undefined
  }
  // In a form every field is text, and `data` is JSON.
  if (fields['data'] === undefined) return fields
  const data = parseJson(fields['data'])
  return data === undefined ? undefined : { ...fields, data }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // No value of JSON is `undefined`: the caller can tell.
    return undefined
  }
}
