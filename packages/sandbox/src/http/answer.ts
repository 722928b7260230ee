import type { ServerResponse } from 'node:http'

/** An answer, before it is known how well it will be delivered. */
export interface Answer {
  status: number
  headers: Record<string, string>
  body: string | Buffer
}

export function json(status: number, value: unknown, headers: Record<string, string> = {}): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=UTF-8', ...headers },
    body: JSON.stringify(value),
  }
}

export function text(status: number, contentType: string, body: string | Buffer): Answer {
  return { status, headers: { 'content-type': contentType, 'cache-control': 'no-store' }, body }
}

export function send(res: ServerResponse, { status, headers, body }: Answer): void {
  if (res.destroyed) return
  res.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) })
  res.end(body)
}
