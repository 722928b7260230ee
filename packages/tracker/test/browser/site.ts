/** A server for a site's pages, its tracker and its collector, with a stand-in for Meta's script: all that a page under test asks for. */
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { IncomingBatch, IncomingEvent } from '@pixel-mirror/common'

const TRACKER = new URL('../../dist/tracker.js', import.meta.url)
export const FBEVENTS = readFileSync(new URL('fbevents-stand-in.js', import.meta.url), 'utf8')

/** One request to Meta. */
export interface Hit {
  id: string
  ev: string
  eid: string | null
  /** Everything it says but ids of events and times. */
  says: string
  query: URLSearchParams
}

export type Collector = (request: IncomingMessage, response: ServerResponse, batch: IncomingBatch) => void

export interface Site {
  origin: string
  /** What the pixel sent to Meta. */
  hits: Hit[]
  /** The requests that reached the collector, and how long each body was. */
  batches: (IncomingBatch & { bytes: number })[]
  /** Puts a page on the server. */
  put: (html: string, path?: string, headers?: Record<string, string>) => void
  /** Their events, each with what its request says for all of them. */
  copies: () => IncomingEvent[]
  copiesArrive: (count: number) => Promise<IncomingEvent[]>
  hitsArrive: (count: number) => Promise<Hit[]>
  /** Waits long enough for anything that was going to be sent to be sent. */
  quiet: () => Promise<void>
  /** Takes note of a request to Meta. */
  noteHit: (query: URLSearchParams) => void
  close: () => Promise<void>
}

export const pause = (ms: number) => new Promise((soon) => setTimeout(soon, ms))

/** @param collector - Answers the tracker's requests. */
export async function startSite(collector: Collector = accept): Promise<Site> {
  const hits: Hit[] = []
  const batches: Site['batches'] = []
  const pages = new Map<string, { html: string; headers: Record<string, string> }>()
  const server = createServer((request, response) => void answer(request, response))

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url!, 'http://localhost')
    response.setHeader('cache-control', 'no-cache')
    if (pathname.endsWith('.js')) {
      response.setHeader('content-type', 'text/javascript')
      // For browsers whose requests nobody can answer in Meta's place.
      const here = FBEVENTS.replace('https://www.facebook.com/tr/', '/tr/')
      return void response.end(pathname.endsWith('/fbevents.js') ? here : readFileSync(TRACKER))
    }
    if (pathname === '/tr/') {
      noteHit(searchParams)
      response.setHeader('content-type', 'image/gif')
      return void response.end()
    }
    if (pathname.endsWith('/events')) {
      const text = await bodyOf(request)
      const batch = JSON.parse(text) as IncomingBatch
      batches.push({ ...batch, bytes: Buffer.byteLength(text) })
      return collector(request, response, batch)
    }
    const found = pages.get(pathname)
    response.setHeader('content-type', 'text/html')
    for (const [name, value] of Object.entries(found?.headers ?? {})) response.setHeader(name, value)
    response.statusCode = found ? 200 : 404
    response.end(found?.html)
  }

  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`

  function noteHit(query: URLSearchParams): void {
    const { eid: _eid, ts: _ts, ...says } = Object.fromEntries(query)
    hits.push({
      id: query.get('id')!,
      ev: query.get('ev')!,
      eid: query.get('eid'),
      says: JSON.stringify(says).replaceAll(origin, ''),
      query,
    })
  }

  const copies = () => batches.flatMap(({ data, common }) => data.map((event) => merge(common, event)))
  return {
    origin,
    hits,
    batches,
    noteHit,
    put(html, path = '/', headers = {}) {
      pages.set(new URL(path, origin).pathname, {
        html: `<!doctype html><html><head><script></script>${html}</head><body></body></html>`,
        headers,
      })
    },
    copies,
    copiesArrive: (count) => arrive('copies', copies, count),
    hitsArrive: (count) => arrive('hits', () => hits, count),
    async quiet() {
      let before
      do {
        before = `${hits.length} ${batches.length}`
        await pause(600)
      } while (before !== `${hits.length} ${batches.length}`)
    },
    async close() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}

export function accept(_request: IncomingMessage, response: ServerResponse, batch: IncomingBatch): void {
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ events_received: batch.data.length }))
}

/** As the collector puts them together again. */
function merge(common: IncomingEvent = {}, event: IncomingEvent): IncomingEvent {
  return {
    ...common,
    ...event,
    user_data: { ...common.user_data, ...event.user_data },
    mirror: { ...common.mirror, ...event.mirror },
  }
}

async function arrive<T>(what: string, list: () => T[], count: number, patienceMs = 20_000): Promise<T[]> {
  const end = Date.now() + patienceMs
  while (list().length < count) {
    if (Date.now() > end) {
      throw new Error(`${list().length} ${what} arrived, expected ${count}: ${JSON.stringify(list())}`)
    }
    await pause(20)
  }
  return list()
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
