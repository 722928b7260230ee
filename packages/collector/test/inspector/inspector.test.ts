import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { request as httpRequest, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import Koa from 'koa'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { QueueUnavailableError, SettingsError } from '../../src/errors.js'
import { createPasswordCheck, type PasswordCheck } from '../../src/inspector/access/password.js'
import { openHistoryStore } from '../../src/inspector/history-file.js'
import { historyHere } from '../../src/inspector/history-thread.js'
import { createInspector, type Inspector, type InspectorOptions } from '../../src/inspector/inspector.js'
import { Secret } from '../../src/secret.js'
import { ingested, PIXEL, ready } from './happenings.js'
import { deadLetter, quietQueue } from './quiet-queue.js'

const NOW = Date.parse('2026-03-10T12:30:30Z')
const OWN_PAGE = { 'x-inspector': '1', 'sec-fetch-site': 'same-origin' }

let server: Server | undefined
let inspector: Inspector | undefined
afterEach(async () => {
  await inspector?.close()
  server?.closeAllConnections()
  server?.close()
})

const pixel = { id: PIXEL, allowedOrigins: [], accessToken: new Secret('token-123') }
const pixels = {
  get: (id: string) => (id === PIXEL ? pixel : undefined),
  all: () => [pixel],
  onChange: () => () => undefined,
}

async function start(more: Partial<InspectorOptions> = {}) {
  const pageFolder = mkdtempSync(join(tmpdir(), 'page-'))
  writeFileSync(join(pageFolder, 'index.html'), '<!doctype html><title>Inspector</title>')
  writeFileSync(join(pageFolder, 'inspector.js'), '// '.padEnd(2_000, 'x'))
  const queue = quietQueue([deadLetter('a'), deadLetter('b', { reason: { cause: 'too_old', message: '' } })])
  const logged: object[] = []
  const log = { info: () => undefined, warn: (fields: object) => void logged.push(fields) }
  inspector = createInspector({
    queue,
    pixels,
    historyFile: ':memory:',
    history: historyHere(await openHistoryStore(':memory:', NOW)),
    loopback: true,
    pageFolder: pathToFileURL(`${pageFolder}/`),
    graph: { url: 'http://graph.invalid', apiVersion: 'v26.0', fetch: () => Promise.reject(new Error('offline')) },
    log,
    now: () => NOW,
    ...more,
  })
  const app = new Koa()
  app.use(inspector.middleware)
  server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const base = `http://localhost:${port}`
  return {
    base,
    queue,
    logged,
    observe: inspector.observe,
    get: (path: string, headers: Record<string, string> = {}) => fetch(`${base}/inspect/${path}`, { headers }),
    post: (path: string, body: unknown, headers: Record<string, string> = OWN_PAGE) =>
      fetch(`${base}/inspect/${path}`, { method: 'POST', body: JSON.stringify(body), headers }),
  }
}

describe('the page', () => {
  it('is served with a policy that allows our own script and style and nothing else', async () => {
    const { get } = await start()

    const response = await get('')

    expect(await response.text()).toContain('<title>Inspector</title>')
    const policy = response.headers.get('content-security-policy')
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'")
    expect(policy).not.toContain('unsafe')
    expect(policy).toContain("require-trusted-types-for 'script'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
  })

  it('is sent compressed, and not again when it has not changed', async () => {
    const { get } = await start()

    const first = await get('inspector.js', { 'accept-encoding': 'br' })
    const etag = first.headers.get('etag') ?? ''
    const again = await get('inspector.js', { 'if-none-match': etag, 'cache-control': 'max-age=0' })

    expect(first.headers.get('content-encoding')).toBe('br')
    expect(again.status).toBe(304)
  })

  it('is found without the slash, and leaves other paths alone', async () => {
    const { base } = await start()

    expect((await fetch(`${base}/inspect`)).url).toBe(`${base}/inspect/`)
    expect((await fetch(`${base}/metrics`)).status).toBe(404)
    expect((await fetch(`${base}/inspect/../package.json`)).status).toBe(404)
    expect((await fetch(`${base}/inspect/nothing`)).status).toBe(404)
  })
})

describe('without a password', () => {
  it('does not start on an address that others can reach', async () => {
    await expect(start({ loopback: false })).rejects.toThrow(SettingsError)
  })

  it('is closed to a name that somebody pointed at this machine', async () => {
    const { base } = await start()
    const request = httpRequest(`${base}/inspect/api/setup`, { headers: { host: 'rebound.example' } }).end()

    const [response] = (await once(request, 'response')) as [{ statusCode: number; resume(): void }]
    response.resume()

    expect(response.statusCode).toBe(403)
  })
})

describe('with a password', () => {
  let password: PasswordCheck
  beforeEach(() => {
    password = createPasswordCheck(new Secret('open sesame'))
  })

  it('shows nothing before one has signed in', async () => {
    const { get, post } = await start({ password, loopback: false })

    expect((await get('')).status).toBe(200)
    for (const path of ['setup', 'summary', 'events', 'events/1', 'health', 'dead-letters', 'stream', 'meta-quality']) {
      expect((await get(`api/${path}`)).status, path).toBe(401)
    }
    expect((await post('api/dead-letters/drop', { all: true })).status).toBe(401)
  })

  it('gives a cookie that no script and no other site can use, and takes it back', async () => {
    const { get, post } = await start({ password })

    const response = await post('api/login', { password: 'open sesame' })
    const setCookie = response.headers.get('set-cookie') ?? ''
    const cookie = setCookie.split(';')[0] ?? ''

    expect(response.status).toBe(200)
    expect(setCookie.toLowerCase()).toMatch(/path=\/inspect\/; samesite=strict; httponly/)
    expect((await get('api/setup', { cookie })).status).toBe(200)
    await post('api/logout', {}, { ...OWN_PAGE, cookie })
    expect((await get('api/setup', { cookie })).status).toBe(401)
  })

  it('tells nothing more to a page whose session is ended, and goes on telling the others', async () => {
    const { get, post } = await start({ password })
    const signIn = async () =>
      ((await post('api/login', { password: 'open sesame' })).headers.get('set-cookie') ?? '').split(';')[0] ?? ''
    const [leaving, staying] = [await signIn(), await signIn()]
    const stream = await get('api/stream', { cookie: leaving })
    const other = (await get('api/stream', { cookie: staying })).body as ReadableStream<Uint8Array>

    await post('api/logout', {}, { ...OWN_PAGE, cookie: leaving })

    expect(await stream.text()).toBe('retry: 2000\n\n')
    const reader = other.getReader()
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('retry: 2000\n\n')
    expect(await Promise.race([reader.read(), Promise.resolve('open')])).toBe('open')
    await reader.cancel()
  })

  it('lets the cookie travel by TLS only where visitors come by TLS', async () => {
    const { post } = await start({ password })

    const response = await post('api/login', { password: 'open sesame' }, { ...OWN_PAGE, 'x-forwarded-proto': 'https' })

    expect(response.headers.get('set-cookie')).toMatch(/; secure/i)
  })

  it('counts wrong passwords and says so in health', async () => {
    const { get, post } = await start({ password })

    expect((await post('api/login', { password: 'guess' })).status).toBe(401)
    const cookie = (await post('api/login', { password: 'open sesame' })).headers.get('set-cookie')?.split(';')[0] ?? ''

    expect(await (await get('api/health', { cookie })).json()).toMatchObject({ wrongPasswords: 1 })
  })

  it.each([
    ['nothing', {}],
    ['a number', { password: 5 }],
    ['a novel', { password: 'x'.repeat(2_000) }],
  ])('takes %s for no guess', async (_, body) => {
    const { post } = await start({ password })

    expect((await post('api/login', body)).status).toBe(400)
  })
})

describe('changing something', () => {
  it.each([
    ['a form of another site', { 'sec-fetch-site': 'cross-site', 'x-inspector': '1' }],
    ['an older browser on another site', { origin: 'https://evil.example', 'x-inspector': '1' }],
    ['a request without our header', { 'sec-fetch-site': 'same-origin' }],
  ])('is not possible for %s', async (_, headers) => {
    const { post, queue } = await start()

    expect((await post('api/dead-letters/drop', { all: true }, headers)).status).toBe(403)
    expect(queue.letters).toHaveLength(2)
  })

  it('replays the chosen dead letters', async () => {
    const { post, queue } = await start()

    const response = await post('api/dead-letters/replay', { ids: ['a'] })

    expect(await response.json()).toEqual({ replayed: 1, tooOld: 0 })
    expect(queue.replayed).toEqual(['a'])
  })

  it('drops all of one cause', async () => {
    const { post, queue } = await start()

    expect(await (await post('api/dead-letters/drop', { cause: 'too_old' })).json()).toEqual({ dropped: 1 })
    expect(queue.letters.map(({ id }) => id)).toEqual(['a'])
  })

  it.each([{}, { ids: [] }, { ids: [1] }, { cause: '' }])(
    'takes %o for no choice rather than for all',
    async (body) => {
      const { post, queue } = await start()

      expect((await post('api/dead-letters/drop', body)).status).toBe(400)
      expect(queue.letters).toHaveLength(2)
    },
  )
})

describe('what is told', () => {
  it('names the pixels without their tokens', async () => {
    const { get } = await start()

    expect(await (await get('api/setup')).json()).toEqual({
      nowMs: NOW,
      pixels: [{ id: PIXEL, hasToken: true }],
      sandbox: false,
      password: false,
    })
  })

  it('shows dead letters without anything personal', async () => {
    const { get } = await start()

    const text = await (await get('api/dead-letters?cause=too_old')).text()

    expect(JSON.parse(text)).toMatchObject({ letters: [{ id: 'b', pixelId: '1' }] })
    expect(text).not.toMatch(/jane|203\.0\.113\.9/)
  })

  it('tells how the queue is, and that the books do not balance', async () => {
    const { get } = await start()

    expect(await (await get('api/health')).json()).toMatchObject({
      queue: { waitingEvents: 3, deadLetters: 2 },
      books: [{ pixelId: '1', received: 10, gap: 1 }],
    })
  })

  it('says so when the queue cannot be asked', async () => {
    const queue = { ...quietQueue(), status: () => Promise.reject(new Error('the database is away')) }
    const { get } = await start({ queue })

    expect(await (await get('api/health')).json()).toMatchObject({ queueProblem: 'the database is away' })
  })

  it('says so when the queue cannot list its dead letters', async () => {
    const quiet = quietQueue()
    const list = () => Promise.reject(new QueueUnavailableError('The database is away.'))
    const { get } = await start({ queue: { ...quiet, deadLetters: { ...quiet.deadLetters, list } } })

    const response = await get('api/dead-letters')

    expect(response.status).toBe(503)
    expect(await response.json()).toEqual({ error: { code: 'queue_unavailable', message: 'The database is away.' } })
  })

  it('says why Meta cannot be asked for its own view', async () => {
    const { get } = await start()

    expect(await (await get(`api/meta-quality?pixel=${PIXEL}`)).json()).toMatchObject({ kind: 'unavailable' })
    expect((await get('api/meta-quality?pixel=7')).status).toBe(404)
  })

  it('is compressed when it is long', async () => {
    const { get, observe } = await start()
    const events = Array.from({ length: 30 }, (_, index) => ready({ atMs: NOW, eventId: `order-${index}` }))
    observe(ingested(events, { receivedAtMs: NOW }))
    const list = () => get('api/events', { 'accept-encoding': 'gzip' })

    await expect.poll(async () => ((await (await list()).json()) as unknown[]).length).toBe(30)

    expect((await list()).headers.get('content-encoding')).toBe('gzip')
    expect((await get('api/setup', { 'accept-encoding': 'gzip' })).headers.get('content-encoding')).toBeNull()
    expect((await get('api/events', { 'accept-encoding': 'identity' })).headers.get('content-encoding')).toBeNull()
  })

  it('refuses a range that there is not', async () => {
    const { get } = await start()

    expect((await get('api/summary?range=constructor')).status).toBe(400)
  })

  it('ends the stream when the collector stops, and takes no new reader', async () => {
    const { get } = await start()
    const stream = await get('api/stream')

    inspector?.hangUp()

    expect(await stream.text()).toBe('retry: 2000\n\n')
    expect(await (await get('api/stream')).text()).toContain('event: full')
  })

  it('comes live: an event is on the stream, then in the list, then alone', async () => {
    const { get, observe } = await start()
    const stream = await get('api/stream')
    const reader = (stream.body as ReadableStream<Uint8Array>).getReader()
    const decoder = new TextDecoder()

    observe(ingested([ready({ atMs: NOW, eventId: 'order-1', pixel: 'blocked' })], { receivedAtMs: NOW }))
    let told = ''
    while (!told.includes('event: flow')) told += decoder.decode((await reader.read()).value, { stream: true })
    await reader.cancel()

    expect(stream.headers.get('content-type')).toBe('text/event-stream')
    const rows = (await (await get('api/events')).json()) as { id: number }[]
    expect(rows).toMatchObject([{ eventName: 'Purchase', eventId: 'order-1', twin: 'blocked', state: 'waiting' }])
    const story = await (await get(`api/events/${rows[0]?.id}`)).text()
    expect(JSON.parse(story)).toMatchObject({ sent: { user_data: { em: ['sha256:62a14e44…'] } } })
    expect(story).not.toContain('203.0.113.9')
    expect((await get('api/events/1')).status).toBe(404)
  })
})
