import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { gunzipSync } from 'node:zlib'

/** One request as it arrived. */
export interface GraphRequest {
  path: string
  pixelId: string
  headers: IncomingMessage['headers']
  body: { data: { event_id?: string; event_name?: string }[]; [field: string]: unknown }
  ids: string[]
  bytes: number
}

/** What to do with a request: an answer, or a way to misbehave. */
export type Behaviour =
  | { status?: number; headers?: Record<string, string>; body: unknown }
  | 'accept'
  | 'hang'
  /** The connection ends before an answer: before Meta took the batch, or after. */
  | 'reset'
  | 'reset_after_taking'
  /** Headers, then a byte a while, for ever. */
  | 'drip'
  /** An answer whose length is announced and not kept, though the batch was taken. */
  | 'half_after_taking'
  | 'garbage'

/** A Graph API that does exactly what a test tells it to. The sandbox knows Meta's rules; this one knows none. */
export interface ScriptedGraph {
  url: string
  requests: GraphRequest[]
  /** How often each event id was taken. */
  taken: Map<string, number>
  /** The most connections that were open at once. */
  mostSockets: number
  openSockets(): number
  /** What time it says it is (`Date`); nothing, unless set. */
  dateMs?: () => number
  /** Decides what happens to each request; `accept` unless set. */
  behave: (request: GraphRequest) => Behaviour | Promise<Behaviour>
  close(): Promise<void>
  /** Listens again after `close()`. */
  reopen(port: number): Promise<void>
}

export async function startGraph(): Promise<ScriptedGraph> {
  const sockets = new Set<Socket>()
  const timers = new Set<NodeJS.Timeout>()
  const server = createServer((req, res) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('error', () => undefined)
    req.on('end', () => void answer(req, res, Buffer.concat(chunks)))
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    graph.mostSockets = Math.max(graph.mostSockets, sockets.size)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
  })

  async function answer(req: IncomingMessage, res: ServerResponse, raw: Buffer): Promise<void> {
    const plain = req.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw
    res.sendDate = false
    if (graph.dateMs) res.setHeader('date', new Date(graph.dateMs()).toUTCString())
    const body = JSON.parse(plain.toString()) as GraphRequest['body']
    const ids = body.data.map(({ event_id }) => event_id ?? '')
    const path = req.url ?? ''
    const request = { path, pixelId: path.split('/').at(-2) ?? '', headers: req.headers, body, ids, bytes: raw.length }
    graph.requests.push(request)
    const take = () => ids.forEach((id) => graph.taken.set(id, (graph.taken.get(id) ?? 0) + 1))

    const behaviour = await graph.behave(request)
    switch (behaviour) {
      case 'accept':
        take()
        return json(res, 200, {}, { events_received: ids.length, messages: [], fbtrace_id: 'AcceptedTrace' })
      case 'hang':
        return
      case 'reset':
        return req.socket.resetAndDestroy() && undefined
      case 'reset_after_taking':
        take()
        return req.socket.resetAndDestroy() && undefined
      case 'drip': {
        res.writeHead(200, { 'content-type': 'application/json' })
        const timer = setInterval(() => res.write(' '), 20)
        timers.add(timer)
        res.on('close', () => clearInterval(timer))
        return
      }
      case 'half_after_taking':
        take()
        res.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' })
        res.write('{"events_rec')
        setTimeout(() => req.socket.destroy(), 10)
        return
      case 'garbage':
        return req.socket.end('nonsense\r\n\r\n') && undefined
      default:
        return json(res, behaviour.status ?? 400, behaviour.headers ?? {}, behaviour.body)
    }
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const graph: ScriptedGraph = {
    url: `http://127.0.0.1:${port}`,
    requests: [],
    taken: new Map(),
    mostSockets: 0,
    openSockets: () => sockets.size,
    behave: () => 'accept',
    close: () =>
      new Promise((resolve) => {
        timers.forEach(clearInterval)
        server.close(() => resolve())
        server.closeAllConnections()
      }),
    reopen: (again) => new Promise<void>((resolve) => server.listen(again, '127.0.0.1', resolve)),
  }
  return graph
}

function json(res: ServerResponse, status: number, headers: Record<string, string>, body: unknown): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  res.writeHead(status, { 'content-type': 'application/json', ...headers })
  res.end(text)
}

/** Meta's error envelope. */
export function graphError(code: number, more: Record<string, unknown> = {}): { status: number; body: unknown } {
  const error = { message: `(#${code}) No.`, type: 'OAuthException', code, fbtrace_id: 'RefusedTrace', ...more }
  return { status: 400, body: { error } }
}

/** Refuses a request that holds one of these, as Meta does: all or nothing. */
export function refusing(bad: ReadonlySet<string>, more: Record<string, unknown> = {}) {
  return ({ ids }: GraphRequest): Behaviour =>
    ids.some((id) => bad.has(id)) ? graphError(100, { error_subcode: 2804009, ...more }) : 'accept'
}
