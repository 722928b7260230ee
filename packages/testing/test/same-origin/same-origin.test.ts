import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import {
  answerForMeta,
  launchChromium,
  startDemo,
  type Browser,
  type BrowserContext,
  type Demo,
} from '@pixel-mirror/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask } from './ask.js'
import { caddy, HAS_IPV6, nginx, SHOP_HOST, type RunningServer } from './web-servers.js'

/**
 * Tracker and collector under the shop's own host, behind the files of `deploy/`, with everything renamed that may be: the path, the script
 * and the address of the events.
 */

const PIXEL_ID = '1234567890'
const API_KEY = 'only-for-this-test-0123456789abcdef'
const PATH = '/looking-glass/'
const ENV = { META_PIXEL_ID: PIXEL_ID, TRACKER_PATH: '/glass.js', EVENTS_PATH: '/in', API_KEYS: API_KEY }
const TRACKER = fileURLToPath(new URL('../../../tracker/dist/tracker.js', import.meta.url))
const USER_AGENT =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/147.0.0.0 Safari/537.36'
const DAY_S = 86_400
/** What Safari leaves of a cookie that a script wrote. */
const SAFARI_S = 7 * DAY_S

const PAGES = {
  'index.html': `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Mirrors</title>
    <link rel="icon" href="data:,">
    <script async src="${PATH}glass.js" data-collector-url="${PATH}in" data-pixel-id="${PIXEL_ID}"></script>
  </head>
  <body><button onclick="fbq('track', 'Purchase', { value: 12.5, currency: 'EUR' })">Buy</button></body>
</html>`,
}

/** A purchase as the tracker posts it. */
const purchase = (origin: string, eventId: string, userData?: object) => ({
  path: `${PATH}in`,
  method: 'POST',
  headers: { origin, 'content-type': 'text/plain', 'user-agent': USER_AGENT },
  body: JSON.stringify({
    data: [
      {
        event_name: 'Purchase',
        event_id: eventId,
        event_time: Math.floor(Date.now() / 1_000),
        action_source: 'website',
        event_source_url: `${origin}/`,
        user_data: { fbp: 'fb.1.1700000000000.123456789', ...userData },
        custom_data: { value: 12.5, currency: 'EUR' },
      },
    ],
  }),
})

describe.each([nginx, caddy])('the shop behind $name', (webServer) => {
  if (!webServer.isThere) {
    it.skip(`needs ${webServer.name} on this machine`)
    return
  }
  let browser: Browser
  let demo: Demo
  let server: RunningServer

  beforeAll(async () => {
    demo = await startDemo({ env: { ...ENV, TRUST_PROXY: '1' } })
    server = await webServer.start({ collector: new URL(demo.url).host, path: PATH, pages: PAGES })
    // By IPv6 where the machine has it: the other tests come by IPv4.
    browser = await launchChromium([`--host-resolver-rules=MAP ${SHOP_HOST} ${HAS_IPV6 ? '[::1]' : '127.0.0.1'}`])
  })
  afterAll(async () => {
    await browser?.close()
    await server?.stop()
    await demo?.stop()
  })

  /** What the collector saw of a request, as the doctor learns it. */
  async function seen(headers: Record<string, string>, from?: string): Promise<Record<string, unknown>> {
    const probes = `${demo.adminUrl}/admin/probes`
    const json = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }
    const { token } = (await (await fetch(probes, json)).json()) as { token: string }
    const probe = { ...headers, 'x-pixel-mirror-probe': token }
    await ask(server, { path: `${PATH}in`, method: 'POST', headers: probe, ...(from && { from }) })
    return (await (await fetch(`${probes}/${token}`)).json()) as Record<string, unknown>
  }

  describe('in a browser', () => {
    let context: BrowserContext
    const shopCookies = async () => Object.fromEntries((await context.cookies()).map((cookie) => [cookie.name, cookie]))

    beforeAll(async () => {
      context = await browser.newContext({ ignoreHTTPSErrors: true })
      // As Safari: what a script writes lives a week at most.
      await context.addInitScript((limitS) => {
        const cookie = Object.getOwnPropertyDescriptor(Document.prototype, 'cookie')!
        Object.defineProperty(Document.prototype, 'cookie', {
          ...cookie,
          set(this: Document, line: string) {
            const parts = line.split(';').filter((part) => !/^ *(expires|max-age)=/i.test(part))
            cookie.set!.call(this, `${parts.join(';')}; max-age=${limitS}`)
          },
        })
      }, SAFARI_S)
    })
    afterAll(() => context?.close())

    /** Looks around, and buys when the pixel has come and has written the cookies too, as it does on every page. */
    async function visit(query = ''): Promise<{ setCookies: string }> {
      const page = await context.newPage()
      await answerForMeta(page, demo)
      await page.goto(`${server.origin}/${query}`, { waitUntil: 'networkidle' })
      const [answer] = await Promise.all([
        page.waitForResponse(`${server.origin}${PATH}in`),
        page.getByRole('button', { name: 'Buy' }).click(),
      ])
      const { 'set-cookie': setCookies = '' } = await answer.allHeaders()
      await answer.finished()
      await page.close()
      return { setCookies }
    }

    it('events count once, and the cookies that the collector sets outlive those of scripts', async () => {
      const { setCookies } = await visit('?fbclid=Click-1')

      const bought = await demo.copiesOf('Purchase', ({ verdict }) => verdict === 'once')
      const { _fbp, _fbc } = await shopCookies()
      expect(setCookies).toMatch(/^_fbp=.*; Max-Age=7776000; Path=\/; Domain=shop\.example; SameSite=Lax; Secure$/m)
      for (const cookie of [_fbp, _fbc]) {
        expect(cookie).toMatchObject({ domain: '.shop.example', secure: true, httpOnly: false, sameSite: 'Lax' })
        expect(cookie!.expires - Date.now() / 1_000).toBeGreaterThan(89 * DAY_S)
      }
      expect(_fbc?.value).toMatch(/^fb\.1\.\d+\.Click-1/)
      expect(bought.server[0]?.event.user_data).toMatchObject({ fbp: _fbp?.value, fbc: _fbc?.value })
    })

    it('a visitor who comes back is the same one, for 90 days from now', async () => {
      const before = await shopCookies()

      await visit()

      const after = await shopCookies()
      for (const name of ['_fbp', '_fbc']) {
        expect(after[name]?.value).toBe(before[name]?.value)
        expect(after[name]!.expires).toBeGreaterThan(before[name]!.expires)
      }
    })
  })

  it.each([
    ['br', brotliDecompressSync],
    ['gzip', gunzipSync],
    ['identity', (body: Buffer) => body],
  ])('the tracker comes as %s, whole, and is asked for again by its tag', async (encoding, unpack) => {
    const path = `${PATH}glass.js`
    const headers = { 'accept-encoding': encoding }

    const first = await ask(server, { path, headers })
    const again = await ask(server, { path, headers: { ...headers, 'if-none-match': first.headers.etag ?? '' } })

    expect(first).toMatchObject({
      status: 200,
      headers: {
        'content-type': 'text/javascript; charset=utf-8',
        'cache-control': 'public, max-age=3600, stale-while-revalidate=86400',
        vary: 'Accept-Encoding',
        etag: expect.stringContaining(`-${encoding}"`) as string,
      },
    })
    expect(first.headers['content-encoding'] ?? 'identity').toBe(encoding)
    expect(unpack(first.body)).toEqual(await readFile(TRACKER))
    expect(again).toMatchObject({ status: 304, body: Buffer.alloc(0) })
  })

  it('the collector sees the visitor’s address, whatever the visitor claims, and the shop’s host and scheme', async () => {
    const claims = { 'x-forwarded-for': '8.8.8.8', 'x-forwarded-proto': 'http', 'x-forwarded-host': 'evil.example' }

    const { counted, host, secure } = await seen(claims, '127.0.0.9')

    expect({ counted, secure }).toEqual({ counted: '127.0.0.9', secure: true })
    expect(String(host).split(':')[0]).toBe(SHOP_HOST)
  })

  it.runIf(HAS_IPV6)('a visitor who comes by IPv6 is seen by IPv6', async () => {
    expect((await seen({ 'x-forwarded-for': '8.8.8.8' }, '::1'))['counted']).toBe('0:0:0:0::')
  })

  it('pages of other sites get nothing, and set no cookies', async () => {
    const { status, headers } = await ask(server, purchase('https://evil.example', 'from-elsewhere'))

    expect(status).toBe(403)
    expect(headers['set-cookie']).toBeUndefined()
    expect(headers['access-control-allow-origin']).toBeUndefined()
  })

  it.each(['another-key-0123456789abcdef', ''])('the Graph API’s edge is closed to the key “%s”', async (key) => {
    const question = { path: `${PATH}v26.0/${PIXEL_ID}/events?access_token=${key}`, method: 'POST' }

    expect((await ask(server, { ...question, body: '{"data":[]}' })).status).toBe(401)
  })

  it('the Graph API’s edge takes events of whoever has a key, below the owner’s path alone', async () => {
    const { body } = purchase(server.origin, 'from-a-server', { client_user_agent: USER_AGENT })
    const question = {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${API_KEY}` },
      body,
    }

    const inside = await ask(server, { ...question, path: `${PATH}v26.0/${PIXEL_ID}/events` })
    const outside = await ask(server, { ...question, path: `/v26.0/${PIXEL_ID}/events` })

    expect(inside.status).toBe(200)
    expect(JSON.parse(inside.body.toString())).toMatchObject({ events_received: 1 })
    expect([404, 405]).toContain(outside.status)
  })

  it.each(['inspect/', 'metrics', 'admin/queue', '..%2finspect/', '../metrics'])(
    '%s cannot be reached',
    async (path) => {
      expect([400, 404]).toContain((await ask(server, { path: `${PATH}${path}` })).status)
    },
  )

  it('a body too large is refused before it reaches the collector, and the next visitor is served', async () => {
    const huge = { ...purchase(server.origin, 'huge'), body: 'x'.repeat(1_200_000) }

    for (let time = 0; time < 50; time++) expect((await ask(server, huge)).status).toBe(413)
    expect((await ask(server, purchase(server.origin, 'next'))).status).toBe(200)
  })
})

describe.skipIf(!nginx.isThere)('nginx behind a load balancer (TRUST_PROXY=2)', () => {
  it('Meta gets the address that the load balancer wrote, not the one that the visitor claims', async () => {
    const demo = await startDemo({ env: { ...ENV, TRUST_PROXY: '2' } })
    const server = await nginx.start({ collector: new URL(demo.url).host, path: PATH, pages: PAGES })
    const { headers, ...question } = purchase(server.origin, 'balanced')

    await ask(server, { ...question, headers: { ...headers, 'x-forwarded-for': '1.1.1.1, 2001:4860:4860::8888' } })
    const { server: copies } = await demo.copiesOf('Purchase')
    await server.stop()
    await demo.stop()

    expect(copies[0]?.event.user_data['client_ip_address']).toBe('2001:4860:4860::8888')
  })
})
