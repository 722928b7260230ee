import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { API_KEY, serve, SHOP } from './serve.js'

/** What HTTP allows and no browser does, and what it forbids and somebody does all the same, byte by byte over a real socket. */

const EVENT = '{"event_name":"PageView"}'

/** A request as it goes over the wire, with its length unless it says otherwise. */
function request(
  head: string,
  { headers = [], body = '' }: { headers?: readonly string[]; body?: string | Buffer } = {},
): Buffer {
  const length = headers.some((line) => /^(content-length|transfer-encoding):/i.test(line))
    ? []
    : [`Content-Length: ${Buffer.byteLength(body)}`]
  const lines = [head, 'Host: collect.shop.example', ...headers, ...length]
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), Buffer.from(body)])
}

const ORIGIN = `Origin: ${SHOP}`
const CLOSE = 'Connection: close'
const post = (headers: readonly string[], body: string | Buffer = EVENT) =>
  request('POST /events HTTP/1.1', { headers: [...headers, CLOSE], body })
const chunk = (bytes: Buffer) =>
  Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n0\r\n\r\n')])
const statuses = (answer: string) => [...answer.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))

describe('an unusual request that is taken', () => {
  it.each<[string, Buffer]>([
    ['in HTTP/1.0', request('POST /events HTTP/1.0', { headers: [ORIGIN], body: EVENT })],
    [
      'with the whole address, as for a proxy',
      request('POST http://other.example/events HTTP/1.1', { headers: [ORIGIN, CLOSE], body: EVENT }),
    ],
    ['with a query', request('POST /events?cache=1 HTTP/1.1', { headers: [ORIGIN, CLOSE], body: EVENT })],
    [
      'in chunks with extensions',
      post([ORIGIN, 'Transfer-Encoding: chunked'], '9;a=b\r\n{"event_n\r\n10;c="d"\r\name":"PageView"}\r\n0\r\n\r\n'),
    ],
    [
      'in chunks with a trailer',
      post([ORIGIN, 'Transfer-Encoding: chunked'], `19\r\n${EVENT}\r\n0\r\nX-Sum: 1\r\n\r\n`),
    ],
    ['with the coding that changes nothing', post([ORIGIN, 'Content-Encoding: identity'])],
    ['with a byte order mark', post([ORIGIN], `\ufeff${EVENT}`)],
  ])('%s', async (_, bytes) => {
    const { raw, ingests } = await serve()

    const answer = await raw(bytes)

    expect(statuses(answer)).toEqual([200])
    expect(ingests.map(({ body }) => body)).toEqual([{ event_name: 'PageView' }])
  })

  it('after the 100 that it waits for', async () => {
    const { raw, ingests } = await serve()

    const answer = await raw(post([ORIGIN, 'Expect: 100-continue']))

    expect(statuses(answer)).toEqual([100, 200])
    expect(ingests).toHaveLength(1)
  })

  it('although its sender has closed its side already', async () => {
    const { port, ingests } = await serve()

    const answer = await sendAndEnd(port, request('POST /events HTTP/1.1', { headers: [ORIGIN], body: EVENT }))

    expect(statuses(answer)).toEqual([200])
    expect(ingests).toHaveLength(1)
  })

  it('one after the other without waiting: the answers come in order, a refusal among them', async () => {
    const { raw, ingests } = await serve()
    const one = (body: string) => request('POST /events HTTP/1.1', { headers: [ORIGIN], body })

    const answer = await raw(
      Buffer.concat([
        one(EVENT),
        one('{'),
        request('GET /health/live HTTP/1.1'),
        request('PUT /events HTTP/1.1'),
        post([ORIGIN]),
      ]),
    )

    expect(statuses(answer)).toEqual([200, 400, 200, 405, 200])
    expect(ingests).toHaveLength(2)
  })

  it('with bytes that are no UTF-8, each of which becomes the sign for what cannot be read', async () => {
    const { raw, ingests } = await serve()
    const body = Buffer.concat([Buffer.from('{"event_name":"a'), Buffer.from([0xff, 0xc3]), Buffer.from('"}')])

    const answer = await raw(post([ORIGIN], body))

    expect(statuses(answer)).toEqual([200])
    expect(ingests[0]?.body).toEqual({ event_name: 'a\ufffd\ufffd' })
  })
})

describe('a request that is refused', () => {
  const bomb = gzipSync(Buffer.alloc(20_000_000, 0x20), { level: 9 })

  it.each<[string, Buffer, number]>([
    ['compressed, small here and huge unpacked', post([ORIGIN, 'Content-Encoding: gzip'], bomb), 415],
    ['that says to be compressed and is not', post([ORIGIN, 'Content-Encoding: gzip']), 415],
    ['that says not to be compressed and is', post([ORIGIN, 'Content-Encoding: identity'], gzipSync(EVENT)), 400],
    ['with two codings', post([ORIGIN, 'Content-Encoding: identity', 'Content-Encoding: br']), 415],
    ['compressed for the transfer', post([ORIGIN, 'Transfer-Encoding: gzip, chunked'], chunk(gzipSync(EVENT))), 400],
    [
      'with a chunk of no readable length',
      post([ORIGIN, 'Transfer-Encoding: chunked'], `x\r\n${EVENT}\r\n0\r\n\r\n`),
      400,
    ],
    ['with an expectation that is none', post([ORIGIN, 'Expect: a-miracle']), 417],
    ['with headers of 64 kB', post([ORIGIN, `X-Long: ${'y'.repeat(65_536)}`]), 431],
    ['with two origins, the right one first', post([ORIGIN, 'Origin: https://stranger.example']), 403],
    ['with two origins, the right one last', post(['Origin: https://stranger.example', ORIGIN]), 403],
    [
      'with two keys, the right one last',
      post(['Authorization: Bearer wrong', `Authorization: Bearer ${API_KEY}`]),
      401,
    ],
    [
      'with a key in the trailer',
      post(['Transfer-Encoding: chunked'], `19\r\n${EVENT}\r\n0\r\nAuthorization: Bearer ${API_KEY}\r\n\r\n`),
      401,
    ],
    [
      'with an origin in the trailer',
      post(['Transfer-Encoding: chunked'], `19\r\n${EVENT}\r\n0\r\nOrigin: ${SHOP}\r\n\r\n`),
      401,
    ],
  ])('%s', async (_, bytes, status) => {
    const { raw, ingests } = await serve()

    const answer = await raw(bytes)

    expect(statuses(answer).at(-1)).toBe(status)
    expect(ingests).toEqual([])
  })

  it('because it is larger than it may be, whether it says so or comes in chunks', async () => {
    const { raw, ingests } = await serve({ settings: { maxBodyBytes: 2_048 } })
    const large = 'x'.repeat(3_000)

    const said = await raw(post([ORIGIN], large))
    const chunked = await raw(post([ORIGIN, 'Transfer-Encoding: chunked'], `bb8\r\n${large}\r\n0\r\n\r\n`))

    expect([statuses(said), statuses(chunked)]).toEqual([[413], [413]])
    expect(ingests).toEqual([])
  })

  it('because its sender closed its side in the middle of it', async () => {
    const { port, ingests, happenings } = await serve()

    const head = request('POST /events HTTP/1.1', { headers: [ORIGIN, 'Content-Length: 100'], body: EVENT })
    await sendAndEnd(port, head)

    await expect.poll(() => happenings.some(({ kind }) => kind === 'answered')).toBe(true)
    expect(ingests).toEqual([])
  })
})

describe('another method', () => {
  it.each<[string, number]>([
    ['HEAD /tracker.js', 200],
    ['HEAD /health/live', 200],
    ['HEAD /events', 405],
    ['HEAD /tr?ev=PageView', 200],
    ['GET /events', 405],
    ['PUT /events', 405],
    ['TRACE /events', 405],
    ['OPTIONS /events', 204],
    ['OPTIONS /health/live', 405],
    ['OPTIONS *', 404],
    ['POST /tr', 405],
    ['GET /elsewhere', 404],
  ])('%s is answered with %i, and takes nothing in', async (what, status) => {
    const { raw, ingests } = await serve({ tracker: Buffer.from('track()') })

    const answer = await raw(request(`${what} HTTP/1.1`, { headers: [ORIGIN, CLOSE] }))

    expect(statuses(answer)).toEqual([status])
    if (what.startsWith('HEAD')) expect(answer).toMatch(/\r\n\r\n$/)
    expect(ingests).toEqual([])
  })
})

/** Sends bytes and closes the sending side; collects what comes back all the same. */
function sendAndEnd(port: number, bytes: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => socket.end(bytes))
    let answer = ''
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')))
    socket.on('error', reject)
    socket.on('end', () => resolve(answer))
  })
}
