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
  const fromBody = await readBody(raw.body, raw.contentType ?? '')
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

async function readBody(body: Buffer, contentType: string): Promise<Record<string, unknown> | undefined> {
  if (body.length === 0) return {}
  try {
    return /^(?:multipart\/form-data|application\/x-www-form-urlencoded)\b/i.test(contentType)
      ? await readForm(body, contentType)
      : readJson(body)
  } catch {
    // Whatever is wrong with it, the answer is the same: it is neither JSON nor a form.
    return undefined
  }
}

function readJson(body: Buffer): Record<string, unknown> | undefined {
  const parsed: unknown = JSON.parse(body.toString('utf8'))
  return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
    ? (parsed as Record<string, unknown>)
    : undefined
}

/** In a form every field is text, and `data` is JSON. */
async function readForm(body: Buffer, contentType: string): Promise<Record<string, unknown>> {
  const form = await new Response(new Uint8Array(body), { headers: { 'content-type': contentType } }).formData()
  const fields = Object.fromEntries(form) as Record<string, unknown>
  return typeof fields['data'] === 'string' ? { ...fields, data: JSON.parse(fields['data']) as unknown } : fields
}
