import { describe, expect, it } from 'vitest'
import { QueueFullError, QueueUnavailableError } from '../../src/errors.js'
import { API_KEY, pixel, serve, SHOP } from './serve.js'

const EVENT = { event_name: 'Purchase', event_id: 'e1' }

describe('POST /events', () => {
  it('answers how many events are safe', async () => {
    const { post } = await serve()

    const answer = await post({ data: [EVENT, EVENT] })

    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(await answer.json()).toEqual({ events_received: 2 })
  })

  it.each(['application/json', 'text/plain;charset=UTF-8', 'application/octet-stream', ''])(
    'reads JSON whatever its content type says: %j',
    async (type) => {
      const { post, ingests } = await serve()

      const answer = await post(EVENT, { origin: SHOP, 'content-type': type })

      expect(answer.status).toBe(200)
      expect(ingests[0]?.body).toEqual(EVENT)
    },
  )

  it('hands over a body that arrives in pieces, with letters of several bytes, as it was', async () => {
    const { raw, ingests } = await serve()
    const body = Buffer.from(JSON.stringify({ event_name: 'Größe–東京–😀' }))
    const pieces = Array.from(body, (byte) =>
      Buffer.concat([Buffer.from('1\r\n'), Buffer.from([byte]), Buffer.from('\r\n')]),
    )
    const head = `POST /events HTTP/1.1\r\nHost: x\r\nOrigin: ${SHOP}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n`

    const answer = await raw(Buffer.concat([Buffer.from(head), ...pieces, Buffer.from('0\r\n\r\n')]))

    expect(answer).toMatch(/^HTTP\/1\.1 200 /)
    expect(ingests[0]?.body).toEqual({ event_name: 'Größe–東京–😀' })
  })

  it('ignores a byte order mark', async () => {
    const { post, ingests } = await serve()

    await post(`\ufeff${JSON.stringify(EVENT)}`)

    expect(ingests[0]?.body).toEqual(EVENT)
  })

  it('tells the pipeline what only the server sees', async () => {
    const { post, ingests } = await serve({ now: () => 1_764_000_000_000, settings: { trustProxy: 1 } })

    await post(EVENT, {
      origin: SHOP,
      referer: `${SHOP}/thanks?x=1`,
      'user-agent': 'Mozilla/5.0',
      'x-forwarded-for': '203.0.113.7',
      cookie: 'a=1; _fbp=fb.1.1.2; _fbc=fb.1.1.click',
    })

    expect(ingests[0]?.received).toEqual({
      sender: 'browser',
      receivedAtMs: 1_764_000_000_000,
      clientIpAddress: '203.0.113.7',
      clientUserAgent: 'Mozilla/5.0',
      fbp: 'fb.1.1.2',
      fbc: 'fb.1.1.click',
      origin: SHOP,
      referer: `${SHOP}/thanks?x=1`,
      prefetch: false,
    })
  })

  it('lists what is wrong with some events and keeps the others', async () => {
    const { post } = await serve({
      ingested: {
        eventsReceived: 1,
        rejected: [{ index: 1, event_id: 'e2', code: 'no_name', path: 'event_name', message: 'It has no name.' }],
      },
    })

    const answer = await post({ data: [EVENT, {}] })

    expect(answer.status).toBe(200)
    expect(await answer.json()).toEqual({
      events_received: 1,
      rejected: [{ index: 1, event_id: 'e2', code: 'no_name', path: 'event_name', message: 'It has no name.' }],
    })
  })

  it('answers 400 in Meta’s envelope when no event is good', async () => {
    const { post } = await serve({
      ingested: {
        eventsReceived: 0,
        rejected: [{ index: 0, code: 'no_name', path: 'event_name', message: 'It has no name.' }],
      },
    })

    const answer = await post({})

    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({
      error: {
        message: 'It has no name.',
        type: 'OAuthException',
        code: 100,
        fbtrace_id: expect.any(String) as string,
      },
      rejected: [{ index: 0, code: 'no_name', path: 'event_name' }],
    })
  })

  it('says so when a page may send for some pixels only', async () => {
    const { post, ingests } = await serve({ pixels: [pixel('1', SHOP), pixel('2', 'https://other.example')] })

    await post(EVENT)

    expect(ingests[0]?.received.pixelIds).toEqual(new Set(['1']))
  })
})

describe('POST /events, turned away', () => {
  it.each<[string, unknown]>([
    ['no JSON', 'hello'],
    ['nothing', ''],
    ['half a JSON', '{"data":['],
  ])('answers 400 to %s', async (_, body) => {
    const { post, happenings } = await serve()

    const answer = await post(body)

    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ error: { code: 100, type: 'OAuthException' } })
    expect(happenings).toContainEqual(expect.objectContaining({ kind: 'turned_away', reason: 'not_json', status: 400 }))
  })

  it('never quotes the body', async () => {
    const { post } = await serve()

    const answer = await post('jane@example.com')

    expect(await answer.text()).not.toContain('jane')
  })

  it('answers 413 by the announced length, and ends the connection', async () => {
    const { raw, ingests } = await serve({ settings: { maxBodyBytes: 100 } })

    const answer = await raw(`POST /events HTTP/1.1\r\nHost: x\r\nOrigin: ${SHOP}\r\nContent-Length: 101\r\n\r\n{`)

    expect(answer).toMatch(/^HTTP\/1\.1 413 /)
    expect(answer).toMatch(/^connection: close/im)
    expect(ingests).toEqual([])
  })

  it('answers 413 as soon as a body without a length grows too large', async () => {
    const { raw } = await serve({ settings: { maxBodyBytes: 100 } })
    const head = `POST /events HTTP/1.1\r\nHost: x\r\nOrigin: ${SHOP}\r\nTransfer-Encoding: chunked\r\n\r\n`

    const answer = await raw(`${head}80\r\n${'x'.repeat(128)}\r\n`)

    expect(answer).toMatch(/^HTTP\/1\.1 413 /)
  })

  it('lets a sender who is still writing read the 413', async () => {
    const { port } = await serve({ settings: { maxBodyBytes: 100 } })
    const body = 'x'.repeat(3_000_000)
    const answers: number[] = []

    for (let time = 0; time < 30; time++) {
      const answer = await fetch(`http://127.0.0.1:${port}/events`, { method: 'POST', headers: { origin: SHOP }, body })
      answers.push(answer.status)
    }

    expect(new Set(answers)).toEqual(new Set([413]))
  })

  it('takes a body of exactly the limit', async () => {
    const { post } = await serve({ settings: { maxBodyBytes: 100 } })
    const body = JSON.stringify({ a: 'x'.repeat(92) })

    expect(body).toHaveLength(100)
    expect((await post(body)).status).toBe(200)
    expect((await post(`${body} `)).status).toBe(413)
  })

  it('answers 415 to a compressed body, which could unfold to any size', async () => {
    const { post } = await serve()

    const answer = await post(EVENT, { origin: SHOP, 'content-encoding': 'gzip' })

    expect(answer.status).toBe(415)
  })

  it.each([
    ['a foreign page', { origin: 'https://evil.example' }],
    ['a page that only looks like ours', { origin: `${SHOP}.evil.example` }],
    ['a page of another scheme', { origin: 'http://shop.example' }],
    ['an opaque origin', { origin: 'null' }],
    ['a foreign page that sends no Origin', { referer: 'https://evil.example/shop.example' }],
  ])('answers 403 to %s, and lets it read nothing', async (_, headers) => {
    const { post, ingests, happenings } = await serve()

    const answer = await post(EVENT, headers)

    expect(answer.status).toBe(403)
    expect(answer.headers.get('access-control-allow-origin')).toBeNull()
    expect(await answer.json()).toMatchObject({ error: { code: 10 } })
    expect(ingests).toEqual([])
    expect(happenings).toContainEqual(expect.objectContaining({ kind: 'turned_away', reason: 'origin' }))
  })

  it.each<[string, Record<string, string>]>([
    ['a wrong key', { authorization: 'Bearer an-api-key-for-the-test' }],
    ['a wrong key from an allowed page', { authorization: 'Bearer x', origin: SHOP }],
    ['another scheme', { authorization: `Basic ${API_KEY}` }],
    ['a server without a key', {}],
  ])('answers 401 to %s', async (_, headers) => {
    const { post, ingests } = await serve()

    const answer = await post(EVENT, headers)

    expect(answer.status).toBe(401)
    expect(await answer.json()).toMatchObject({ error: { code: 190, type: 'OAuthException' } })
    expect(ingests).toEqual([])
  })

  it('lets a server in by its key, whatever page it names', async () => {
    const { post, ingests } = await serve()

    const answer = await post(EVENT, { authorization: `bearer ${API_KEY}`, origin: 'https://evil.example' })

    expect(answer.status).toBe(200)
    expect(ingests[0]?.received).toMatchObject({ sender: 'server' })
    expect(ingests[0]?.received).not.toHaveProperty('origin')
  })

  it('answers 429 with Retry-After to an address that sends too often, and not to a server with a key', async () => {
    const { post } = await serve({ settings: { rateLimit: 1 }, now: () => 1_000_000 })

    const statuses = []
    for (let count = 0; count < 6; count++) statuses.push((await post(EVENT)).status)
    const refused = await post(EVENT)
    const server = await post(EVENT, { authorization: `Bearer ${API_KEY}` })

    expect(statuses).toEqual([200, 200, 200, 200, 200, 429])
    expect(refused.headers.get('retry-after')).toBe('1')
    expect(refused.headers.get('access-control-allow-origin')).toBe(SHOP)
    expect(await refused.json()).toMatchObject({ error: { code: 4 } })
    expect(server.status).toBe(200)
  })

  it.each([new QueueFullError(), new QueueUnavailableError('The disk is gone.')])(
    'answers 503 with Retry-After when the queue cannot take events: %s',
    async (error) => {
      const { post, happenings } = await serve({ ingest: () => Promise.reject(error) })

      const answer = await post(EVENT)

      expect(answer.status).toBe(503)
      expect(answer.headers.get('retry-after')).toBe('10')
      expect(answer.headers.get('access-control-allow-origin')).toBe(SHOP)
      expect(await answer.json()).toMatchObject({ error: { code: 2 } })
      expect(happenings).toContainEqual(expect.objectContaining({ kind: 'turned_away', reason: 'queue_full' }))
    },
  )

  it('answers 503 with Retry-After while closing', async () => {
    const { post } = await serve({ isClosed: () => true })

    const answer = await post(EVENT)

    expect(answer.status).toBe(503)
    expect(answer.headers.get('retry-after')).toBe('5')
    expect(answer.headers.get('connection')).toBe('close')
  })

  it('answers a plain 500 to a fault of ours, and logs where it is', async () => {
    const lines: object[] = []
    const log = { debug() {}, info() {}, warn() {}, error: (fields: object) => void lines.push(fields) }
    const { post } = await serve({ ingest: () => Promise.reject(new TypeError('oops')), log })

    const answer = await post(EVENT)

    expect(answer.status).toBe(500)
    expect(await answer.text()).not.toContain('oops')
    expect(lines).toEqual([expect.objectContaining({ event: 'http.failed', route: 'events' })])
  })

  it('tells the watchers how each request was answered, by its route’s name', async () => {
    const { post, happenings } = await serve()

    await post(EVENT)
    await post(EVENT, {})

    expect(happenings.filter(({ kind }) => kind === 'answered')).toEqual([
      expect.objectContaining({ route: 'events', method: 'POST', status: 200 }),
      expect.objectContaining({ route: 'events', method: 'POST', status: 401 }),
    ])
  })
})

describe('every answer', () => {
  it.each<[string, string, number]>([
    ['GET', '/', 404],
    ['GET', '/events', 405],
    ['POST', '/events%00', 404],
    ['DELETE', '/tr', 405],
    ['GET', '/.env', 404],
    ['GET', '//events', 404],
  ])('to %s %s is %i, without telling what runs', async (method, path, status) => {
    const { url } = await serve()

    const answer = await fetch(url + path, { method })

    expect(answer.status).toBe(status)
    expect(answer.headers.has('x-powered-by')).toBe(false)
    expect(answer.headers.has('server')).toBe(false)
  })

  it('must not be taken for another type', async () => {
    const { post } = await serve()

    expect((await post(EVENT)).headers.get('x-content-type-options')).toBe('nosniff')
  })
})
