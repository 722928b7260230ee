import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import Koa from 'koa'
import { afterEach, describe, expect, it } from 'vitest'
import { adminApi } from '../src/admin-api.js'
import { errorReply } from '../src/http/error-reply.js'
import { createReceiver } from '../src/http/received.js'
import { createPasswordCheck, type PasswordCheck } from '../src/inspector/access/password.js'
import { silentLog } from '../src/logger.js'
import type { Received } from '../src/pipeline/received.js'
import { memoryQueue } from '../src/queue/memory-queue.js'
import type { DeathReason, Queue } from '../src/queue/queue.js'
import { createRequestProbe, PROBE_HEADER } from '../src/request-probe.js'
import { Secret } from '../src/secret.js'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function setUp({ password }: { password?: PasswordCheck } = {}) {
  const queue = memoryQueue()
  const ingested: { body: unknown; received: Received }[] = []
  const probe = createRequestProbe(createReceiver(1, Date.now))
  const app = new Koa()
  app.use(probe.middleware)
  app.use(
    adminApi({
      queue,
      probe,
      ingest: (body, received) => {
        ingested.push({ body, received })
        return Promise.resolve({ kind: 'ingested', eventsReceived: 1, rejected: [], identity: {} })
      },
      answering: errorReply({ observe: () => undefined, log: silentLog, now: Date.now }),
      now: () => 5,
      ...(password && { password }),
    }),
  )
  const answer = app.callback()
  const server = createServer((req, res) => void answer(req, res))
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo

  /** `fetch` would not let us choose the host. */
  function ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
    const json = body === undefined ? {} : { 'content-type': 'application/json' }
    return new Promise<{ status: number; body: unknown }>((resolve, reject) => {
      const asked = request({ port, path: `/admin/${path}`, method, headers: { ...json, ...headers } }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (piece: string) => (text += piece))
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: text && (JSON.parse(text) as unknown) }),
        )
      })
      asked.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body))
    })
  }
  return { queue, ingested, ask, port }
}

/** Events that became dead letters, each of its own cause. */
async function bury(queue: Queue, ...causes: string[]): Promise<void> {
  const lane = { pixelId: '1' }
  await queue.append(
    causes.map((cause) => ({
      lane,
      eventName: 'Lead',
      eventId: cause,
      eventTimeMs: 0,
      deadlineMs: Infinity,
      json: '{}',
    })),
  )
  const lease = await queue.lease(lane, { maxEvents: 100, maxBytes: 1e6 })
  if (!lease) throw new Error('Nothing was leased.')
  const reason = (cause: string): DeathReason => ({ cause, message: 'No.' })
  await queue.settle(
    lease,
    lease.events.map(({ ref }, index) => ({ ref, kind: 'dead', reason: reason(causes[index] ?? '') })),
  )
}

const letters = (body: unknown) =>
  (body as { letters: { reason: DeathReason }[] }).letters.map(({ reason }) => reason.cause)

describe('the admin API', () => {
  it('tells how the queue stands, and that the books balance', async () => {
    const { queue, ask } = await setUp()
    await bury(queue, 'bad')

    const { status, body } = await ask('GET', 'queue')

    expect(status).toBe(200)
    expect(body).toMatchObject({ status: { deadLetters: 1 }, books: [{ pixelId: '1', dead: 1, gap: 0 }] })
  })

  it('lists, replays and drops the dead letters that are named', async () => {
    const { queue, ask } = await setUp()
    await bury(queue, 'a', 'b', 'c')

    expect(letters((await ask('GET', 'dead-letters?cause=b')).body)).toEqual(['b'])
    expect((await ask('POST', 'dead-letters', { action: 'replay', cause: 'b' })).body).toEqual({
      replayed: 1,
      tooOld: 0,
    })
    expect((await ask('POST', 'dead-letters', { action: 'drop', cause: 'c' })).body).toEqual({ dropped: 1 })
    expect(letters((await ask('GET', 'dead-letters')).body)).toEqual(['a'])
    expect((await ask('POST', 'dead-letters', { action: 'drop', all: true })).body).toEqual({ dropped: 1 })
  })

  it.each([
    ['nothing that says which', { action: 'drop' }],
    ['a misspelt field', { action: 'drop', cuase: 'b' }],
    ['a field of the wrong kind', { action: 'drop', ids: 'b' }],
    ['an action that there is not', { action: 'bury', all: true }],
    ['no object', 7],
  ])('does not take %s for all letters', async (_, body) => {
    const { queue, ask } = await setUp()
    await bury(queue, 'a')

    expect((await ask('POST', 'dead-letters', body)).status).toBe(400)
    expect((await queue.status()).deadLetters).toBe(1)
  })

  it('takes events as a server’s, without an API key', async () => {
    const { ask, ingested } = await setUp()

    const { body } = await ask('POST', 'events', { data: [] })

    expect(body).toEqual({ events_received: 1 })
    expect(ingested).toEqual([{ body: { data: [] }, received: { sender: 'server', receivedAtMs: 5, prefetch: false } }])
  })

  it.each([
    ['events', { data: [] }],
    ['dead-letters', { action: 'drop', all: true }],
    ['probes', {}],
  ])('takes nothing for %s that a page of another site could send without asking', async (path, body) => {
    const { ask, ingested } = await setUp()

    expect((await ask('POST', path, body, { 'content-type': 'text/plain' })).status).toBe(400)
    expect(ingested).toEqual([])
  })

  it.each([
    ['a name that a stranger lets point here', { host: 'evil.example' }],
    ['a proxy', { 'x-forwarded-for': '192.0.2.1' }],
  ])('answers nothing to %s', async (_, headers: Record<string, string>) => {
    const { ask } = await setUp()

    expect((await ask('GET', 'queue', undefined, headers)).status).toBe(401)
  })

  it('wants the password from everyone when there is one', async () => {
    const { ask } = await setUp({ password: createPasswordCheck(new Secret('correct horse')) })

    expect((await ask('GET', 'queue')).status).toBe(401)
    expect((await ask('GET', 'queue', undefined, { authorization: 'Bearer wrong' })).status).toBe(401)
    expect((await ask('GET', 'queue', undefined, { authorization: 'Bearer correct horse' })).status).toBe(200)
  })

  it('is as slow with wrong passwords as the inspector, and turns crowds of guesses away', async () => {
    const password = createPasswordCheck(new Secret('correct horse'))
    const { ask } = await setUp({ password })
    const guess = () => ask('GET', 'queue', undefined, { authorization: 'Bearer wrong' })

    const answers = await Promise.all(Array.from({ length: 10 }, guess))

    expect(answers.filter(({ status }) => status === 429)).toHaveLength(6)
    expect(password.wrong()).toBe(4)
  })

  it('remembers what it saw of a request that carries a token of its own, and of no other', async () => {
    const { ask, port } = await setUp()
    const { token } = (await ask('POST', 'probes', {})).body as { token: string }

    await fetch(`http://127.0.0.1:${port}/`, { headers: { [PROBE_HEADER]: 'another', 'x-forwarded-for': '1.1.1.1' } })
    expect((await ask('GET', `probes/${token}`)).body).toBeNull()
    await fetch(`http://127.0.0.1:${port}/`, {
      headers: {
        [PROBE_HEADER]: token,
        'x-forwarded-for': '1.1.1.1, 2.2.2.2',
        'x-forwarded-proto': 'https',
        'user-agent': 'Safari',
        cookie: '_fbp=fb.1.2.3',
      },
    })

    expect((await ask('GET', `probes/${token}`)).body).toEqual({
      peer: '127.0.0.1',
      forwardedFor: ['1.1.1.1', '2.2.2.2'],
      counted: '2.2.2.2',
      host: `127.0.0.1:${port}`,
      secure: true,
      userAgent: 'Safari',
      cookie: '_fbp=fb.1.2.3',
    })
  })
})
