/** What to answer. How well it is delivered is another matter: see `delivery.ts`. */
export interface Answer {
  status: number
  headers: Record<string, string>
  body: string | Buffer
}

export function json(status: number, value: unknown, headers: Record<string, string> = {}): Answer {
  const type = { 'content-type': 'application/json; charset=UTF-8' }
  return { status, headers: { ...type, ...headers }, body: JSON.stringify(value) }
}

export function text(status: number, contentType: string, body: string | Buffer): Answer {
  return { status, headers: { 'content-type': contentType, 'cache-control': 'no-store' }, body }
}
