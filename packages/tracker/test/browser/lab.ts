/**
 * A page under test: a real browser, a server for its pages and for the copies, and a stand-in for Meta.
 */
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { IncomingBatch, IncomingEvent } from '@pixel-mirror/common'
import { launchChromium, type Browser, type BrowserContext, type Page } from '@pixel-mirror/testing'

const TRACKER = new URL('../../dist/tracker.js', import.meta.url)
const FBEVENTS = readFileSync(new URL('fbevents-stand-in.js', import.meta.url), 'utf8')

/** The tag as the README shows it. */
export const TAG = '<script async src="/tracker.js"></script>'

/** The same, loaded in its place: so that a test can say what comes first. */
export const TAG_HERE = '<script src="/tracker.js"></script>'

const STUB = `!function(f,b,e,v,n,t,s){if(f.fbq)return;n=f.fbq=function(){n.callMethod?n.callMethod.apply(n,arguments):n.queue.push(arguments)};
if(!f._fbq)f._fbq=n;n.push=n;n.loaded=!0;n.version='2.0';n.queue=[];t=b.createElement(e);t.async=!0;t.src=v;
s=b.getElementsByTagName(e)[0];s.parentNode.insertBefore(t,s)}(window,document,'script','https://connect.facebook.net/en_US/fbevents.js');`

/** Meta's base snippet as pages carry it. */
export const BASE_SNIPPET = `<script>${STUB}</script>`
export const BASE_CODE = STUB

/** One request to Meta. */
export interface Hit {
  id: string
  ev: string
  eid: string | null
  /** Everything it says but ids of events and times. */
  says: string
  query: URLSearchParams
}

export interface Lab {
  page: Page
  context: BrowserContext
  origin: string
  /** What the pixel sent to Meta. */
  hits: Hit[]
  /** The requests that reached the collector, and how long each body was. */
  batches: (IncomingBatch & { bytes: number })[]
  /** What went wrong on the page, and what its console says. */
  errors: string[]
  console: string[]
  /** Puts a page on the server. */
  put: (html: string, path?: string, headers?: Record<string, string>) => void
  /** The same, and opens it. */
  open: (html: string, path?: string) => Promise<void>
  /** Their events, each with what its request says for all of them. */
  copies: () => IncomingEvent[]
  copiesArrive: (count: number) => Promise<IncomingEvent[]>
  hitsArrive: (count: number) => Promise<Hit[]>
  /** Waits long enough for anything that was going to be sent to be sent. */
  quiet: () => Promise<void>
  /** Lets pages come from another host name. */
  alsoAs: (origin: string) => Promise<void>
  close: () => Promise<void>
}

export interface LabOptions {
  /**
   * How Meta's script behaves. `is not wanted` is for pages without it: then nothing stands between the browser and the network, where
   * requests at the end of a page get lost.
   */
  fbevents?: 'loads' | 'loads late' | 'is blocked' | 'never answers' | 'is empty' | 'is not wanted'
  /** Answers the tracker's requests; accepts them by default. */
  collector?: (request: IncomingMessage, response: ServerResponse, batch: IncomingBatch) => void
}

let browser: Promise<Browser> | undefined

export async function closeBrowser(): Promise<void> {
  await (await browser)?.close()
  browser = undefined
}

export const pause = (ms: number) => new Promise((soon) => setTimeout(soon, ms))

export async function startLab({ fbevents = 'loads', collector = accept }: LabOptions = {}): Promise<Lab> {
  const hits: Hit[] = []
  const batches: Lab['batches'] = []
  const errors: string[] = []
  const console: string[] = []
  const pages = new Map<string, { html: string; headers: Record<string, string> }>()
  const server = createServer((request, response) => void answer(request, response))

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url!, 'http://localhost')
    response.setHeader('cache-control', 'no-cache')
    if (pathname.endsWith('.js')) {
      response.setHeader('content-type', 'text/javascript')
      return void response.end(readFileSync(TRACKER))
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
  browser ??= launchChromium()
  const context = await (await browser).newContext()
  if (fbevents !== 'is not wanted') await standInForMeta()
  const page = await context.newPage()
  page.on('pageerror', (error) => errors.push(String(error)))
  page.on('console', (message) => {
    if (/pixel_mirror|onflicting/.test(message.text())) console.push(message.text())
  })

  async function standInForMeta(): Promise<void> {
    await context.route('https://connect.facebook.net/**', async (route) => {
      if (fbevents === 'is blocked') return route.abort()
      if (fbevents === 'never answers') return
      if (fbevents === 'loads late') await pause(400)
      return route.fulfill({ contentType: 'text/javascript', body: fbevents === 'is empty' ? '' : FBEVENTS })
    })
    await context.route('https://www.facebook.com/tr/**', (route) => {
      const query = new URL(route.request().url()).searchParams
      const { eid: _eid, ts: _ts, ...says } = Object.fromEntries(query)
      hits.push({
        id: query.get('id')!,
        ev: query.get('ev')!,
        eid: query.get('eid'),
        says: JSON.stringify(says).replaceAll(origin, ''),
        query,
      })
      return route.fulfill({ contentType: 'image/gif', body: '' })
    })
  }

  const copies = () => batches.flatMap(({ data, common }) => data.map((event) => merge(common, event)))
  const put: Lab['put'] = (html, path = '/', headers = {}) => {
    pages.set(new URL(path, origin).pathname, {
      html: `<!doctype html><html><head><script></script>${html}</head><body></body></html>`,
      headers,
    })
  }
  return {
    page,
    context,
    origin,
    hits,
    batches,
    errors,
    console,
    put,
    async open(html, path = '/') {
      put(html, path)
      await page.goto(new URL(path, origin).href)
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
    async alsoAs(other) {
      await context.route(`${other}/**`, async (route) => {
        const { pathname, search } = new URL(route.request().url())
        await route.fulfill({ response: await route.fetch({ url: origin + pathname + search }) })
      })
    },
    async close() {
      await context.close()
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
