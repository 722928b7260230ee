import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { close } from '../../src/http/server.js'
import { serve, SHOP } from './serve.js'

/** Opens a connection, writes a beginning and then a byte now and then, as slow clients do, until it is cut off. */
function dribble(port: number, beginning: string, drop: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(beginning))
    const timer = setInterval(() => socket.write(drop), 200)
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')))
    socket.on('error', () => undefined)
    socket.on('close', () => {
      clearInterval(timer)
      resolve(answer)
    })
  })
}

describe('a slow client', () => {
  it('is cut off with 408 while it dribbles headers', { timeout: 60_000 }, async () => {
    const { port, server, happenings } = await serve()
    server.headersTimeout = 500

    const answer = await dribble(port, 'POST /events HTTP/1.1\r\nHost: x\r\n', 'X-A: b\r\n')

    expect(answer).toMatch(/^HTTP\/1\.1 408 /)
    expect(happenings).toContainEqual(expect.objectContaining({ kind: 'turned_away', reason: 'timeout', status: 408 }))
  })

  it('is cut off with 408 while it dribbles a body', { timeout: 60_000 }, async () => {
    const { port, server, ingests } = await serve()
    server.requestTimeout = 600
    server.headersTimeout = 500

    const answer = await dribble(
      port,
      `POST /events HTTP/1.1\r\nHost: x\r\nOrigin: ${SHOP}\r\nContent-Length: 1000\r\n\r\n`,
      '{',
    )

    expect(answer).toMatch(/^HTTP\/1\.1 408 /)
    expect(ingests).toEqual([])
  })
})

describe('a client that does not speak HTTP', () => {
  it.each<[string, string, number]>([
    ['rubbish', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n', 400],
    ['a space in a header’s name', 'GET / HTTP/1.1\r\nHost: x\r\nX Y: z\r\n\r\n', 400],
    ['two lengths', 'POST /events HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400],
    [
      'a length and chunks',
      'POST /events HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      400,
    ],
    ['headers of 20 kB', `GET / HTTP/1.1\r\nHost: x\r\nX-A: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
  ])('is answered %s with a plain status and cut off', async (_, bytes, status) => {
    const { raw } = await serve()

    const answer = await raw(bytes)

    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(answer).toMatch(/connection: close/i)
  })

  it('that goes away in the middle of a body leaves nothing behind', async () => {
    const { port, server, ingests, happenings, post } = await serve()
    const asked = once(server, 'request')
    const socket = connect(port, '127.0.0.1')
    socket.write(`POST /events HTTP/1.1\r\nHost: x\r\nOrigin: ${SHOP}\r\nContent-Length: 1000\r\n\r\n{"data":`)
    await asked

    socket.destroy()

    await expect.poll(() => happenings.some(({ kind }) => kind === 'answered')).toBe(true)
    expect(ingests).toEqual([])
    expect((await post({})).status).toBe(200)
  })
})

describe('close()', () => {
  /** A request that is under way: in the pipeline, until told to finish. */
  async function underWay() {
    let finish: (() => void) | undefined
    const served = await serve({
      ingest: () =>
        new Promise((resolve) => {
          finish = () => resolve({ kind: 'ingested', eventsReceived: 1, rejected: [], identity: {} })
        }),
    })
    const answer = served.post({}).then(
      ({ status }) => status,
      () => 'cut off',
    )
    await expect.poll(() => finish).toBeDefined()
    return { ...served, answer, finish: () => finish?.() }
  }

  it('lets what is under way be answered, then takes no more', async () => {
    const { server, answer, finish, post } = await underWay()

    const closed = close(server, 60_000)
    finish()

    expect(await answer).toBe(200)
    await closed
    await expect(post({})).rejects.toThrow()
  })

  it('cuts off what is not done within the grace time', async () => {
    const { server, answer } = await underWay()

    await close(server, 10)

    expect(await answer).toBe('cut off')
  })
})
