/**
 * A page under test: a real browser, a server for its pages and for the copies, and a stand-in for Meta.
 */
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { IncomingBatch, IncomingEvent } from '@pixel-mirror/common'
import { launchChromium, type Browser, type BrowserContext, type Page } from '@pixel-mirror/testing'

const TRACKER = new URL('../../dist/tracker.js', import.meta.url)
const FBEVENTS = readFileSync(new URL('fbevents-stand-in.js', import.meta.url), 'utf8')

/** Meta's base snippet as pages carry it. */
export const BASE_SNIPPET = `<script>
!function(f,b,e,v,n,t,s){if(f.fbq)return;n=f.fbq=function(){n.callMethod?n.callMethod.apply(n,arguments):n.queue.push(arguments)};
if(!f._fbq)f._fbq=n;n.push=n;n.loaded=!0;n.version='2.0';n.queue=[];t=b.createElement(e);t.async=!0;t.src=v;
s=b.getElementsByTagName(e)[0];s.parentNode.insertBefore(t,s)}(window,document,'script','https://connect.facebook.net/en_US/fbevents.js');
</script>`

/** One request to Meta. */
export interface Hit {
  id: string
  ev: string
  eid: string | null
  query: URLSearchParams
}

export interface Lab {
  page: Page
  context: BrowserContext
  origin: string
  /** What the pixel sent to Meta. */
  hits: Hit[]
  /** The requests that reached the collector. */
  batches: IncomingBatch[]
  /** Their events, each with what its request says for all of them. */
  copies: () => IncomingEvent[]
  /** Puts a page on the server and opens it. */
  open: (html: string, path?: string) => Promise<void>
  /** Waits until as many copies have arrived. */
  copiesArrive: (count: number) => Promise<IncomingEvent[]>
  hitsArrive: (count: number) => Promise<Hit[]>
  close: () => Promise<void>
}

export interface LabOptions {
  /** How Meta's script behaves. */
  fbevents?: 'loads' | 'is blocked' | 'never answers'
  /** Answers the tracker's requests; accepts them by default. */
  collector?: (request: IncomingMessage, response: ServerResponse, batch: IncomingBatch) => void
}

let browser: Promise<Browser> | undefined

export async function closeBrowser(): Promise<void> {
  await (await browser)?.close()
  browser = undefined
}

export async function startLab({ fbevents = 'loads', collector = accept }: LabOptions = {}): Promise<Lab> {
  const hits: Hit[] = []
  const batches: IncomingBatch[] = []
  const pages = new Map<string, string>()
  const server: Server = createServer((request, response) => {
    void answer(request, response)
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url!, 'http://localhost')
    if (pathname.endsWith('.js')) {
      response.setHeader('content-type', 'text/javascript')
      return void response.end(readFileSync(TRACKER))
    }
    if (pathname.endsWith('/events')) {
      const batch = JSON.parse(await bodyOf(request)) as IncomingBatch
      batches.push(batch)
      return collector(request, response, batch)
    }
    const html = pages.get(pathname)
    response.setHeader('content-type', 'text/html')
    response.statusCode = html === undefined ? 404 : 200
    response.end(html)
  }

  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`
  browser ??= launchChromium()
  const context = await (await browser).newContext()
  await context.route('https://connect.facebook.net/**', (route) => {
    if (fbevents === 'is blocked') return route.abort()
    if (fbevents === 'never answers') return undefined
    return route.fulfill({ contentType: 'text/javascript', body: FBEVENTS })
  })
  await context.route('https://www.facebook.com/tr/**', (route) => {
    const query = new URL(route.request().url()).searchParams
    hits.push({ id: query.get('id')!, ev: query.get('ev')!, eid: query.get('eid'), query })
    return route.fulfill({ contentType: 'image/gif', body: '' })
  })
  const page = await context.newPage()

  const copies = () => batches.flatMap(({ data, common }) => data.map((event) => merge(common, event)))
  return {
    page,
    context,
    origin,
    hits,
    batches,
    copies,
    async open(html, path = '/') {
      pages.set(new URL(path, origin).pathname, `<!doctype html><html><head>${html}</head><body></body></html>`)
      await page.goto(origin + path)
    },
    copiesArrive: (count) => arrive('copies', copies, count),
    hitsArrive: (count) => arrive('hits', () => hits, count),
    async close() {
      await context.close()
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}

function accept(_request: IncomingMessage, response: ServerResponse, batch: IncomingBatch): void {
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

async function arrive<T>(what: string, list: () => T[], count: number, patienceMs = 15_000): Promise<T[]> {
  const end = Date.now() + patienceMs
  while (list().length < count) {
    if (Date.now() > end)
      throw new Error(`${list().length} ${what} arrived, expected ${count}: ${JSON.stringify(list())}`)
    await new Promise((soon) => setTimeout(soon, 20))
  }
  return list()
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
