import { createServer as createTcpServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { GraphApi } from '../../src/relay/graph-api.js'
import { createGraphApi } from '../../src/relay/graph-api.js'
import { RELAY_LIMITS } from '../../src/relay/limits.js'
import { eventually } from './relay-world.js'
import type { Behaviour, ScriptedGraph } from './scripted-graph.js'
import { graphError, startGraph } from './scripted-graph.js'

const BODY = Buffer.from('{"data":[{"event_id":"a"}]}')

let graph: ScriptedGraph
let api: GraphApi
const open = (graphUrl = graph.url, limits: Partial<typeof RELAY_LIMITS> = {}) =>
  createGraphApi({ graphUrl, apiVersion: 'v26.0', limits: { ...RELAY_LIMITS, ...limits } })

beforeEach(async () => {
  graph = await startGraph()
  api = open()
})
afterEach(async () => {
  await api.close()
  await graph.close()
})

describe('createGraphApi()', () => {
  it('says what was answered', async () => {
    graph.behave = () => ({ ...graphError(190), headers: { 'x-app-usage': '{}' } })

    const reply = await api.post('111', BODY, 5_000)

    expect(reply).toMatchObject({ kind: 'answer', status: 400, headers: { 'x-app-usage': '{}' } })
    expect(graph.requests[0]).toMatchObject({ path: '/v26.0/111/events', headers: { host: new URL(graph.url).host } })
  })

  it('keeps a path in the URL of the Graph API, and cannot be led astray by a pixel id', async () => {
    await api.close()
    api = open(`${graph.url}/meta/`)

    await api.post('../x?y', BODY, 5_000)

    expect(graph.requests[0]?.path).toBe('/meta/v26.0/..%2Fx%3Fy/events')
  })

  it.each<[Behaviour, string]>([
    ['hang', 'timeout'],
    ['drip', 'timeout'],
    ['reset', 'connection_lost'],
    ['half_after_taking', 'connection_lost'],
    ['garbage', 'connection_lost'],
  ])('knows that Meta may have the batch after: %s', async (behaviour, why) => {
    graph.behave = () => behaviour

    expect(await api.post('111', BODY, 200)).toEqual({ kind: 'no_answer', why, sent: true })
  })

  it('does not read on where an answer has no end', async () => {
    graph.behave = () => ({ status: 200, body: 'x'.repeat(RELAY_LIMITS.maxAnswerBytes + 1) })

    expect(await api.post('111', BODY, 5_000)).toEqual({ kind: 'no_answer', why: 'too_long', sent: true })
  })

  it('knows that nothing was sent where nobody listens', async () => {
    await graph.close()

    expect(await api.post('111', BODY, 5_000)).toEqual({ kind: 'no_answer', why: 'unreachable', sent: false })
  })

  it('knows that nothing was sent where a name means nobody', async () => {
    await api.close()
    api = open('http://graph.invalid')

    expect(await api.post('111', BODY, 5_000)).toEqual({ kind: 'no_answer', why: 'unreachable', sent: false })
  })

  it('knows that nothing was sent to someone who cannot speak TLS', async () => {
    const server = createTcpServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () => socket.end('no TLS here\r\n', () => socket.destroy()))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    await api.close()
    api = open(`https://127.0.0.1:${(server.address() as AddressInfo).port}`)

    const reply = await api.post('111', BODY, 5_000)

    expect(reply).toMatchObject({ kind: 'no_answer', sent: false })
    await new Promise((resolve) => server.close(resolve))
  })

  it('has no more connections than it may, however many requests hang', async () => {
    await api.close()
    api = open(graph.url, { sockets: 4 })
    graph.behave = () => 'hang'

    const replies = await Promise.all(Array.from({ length: 20 }, () => api.post('111', BODY, 500)))

    expect(replies.every((reply) => reply.kind === 'no_answer')).toBe(true)
    expect(graph.requests).toHaveLength(20)
    expect(graph.mostSockets).toBeLessThanOrEqual(4)
  })

  it('uses connections again', async () => {
    for (let round = 0; round < 20; round++) await api.post('111', BODY, 5_000)

    expect(graph.mostSockets).toBeLessThanOrEqual(2)
  })

  it('ends what is under way when it is told to, and lets nothing follow', async () => {
    graph.behave = () => 'hang'
    const hanging = api.post('111', BODY, 60_000)
    await eventually(() => expect(graph.requests).toHaveLength(1))

    api.abort()

    expect(await hanging).toEqual({ kind: 'no_answer', why: 'aborted', sent: true })
    expect(await api.post('111', BODY, 60_000)).toEqual({ kind: 'no_answer', why: 'aborted', sent: false })
    expect(graph.requests).toHaveLength(1)
  })

  it('compresses large bodies where it is set, and stops when they are refused', async () => {
    await api.close()
    api = open(graph.url, { compressAboveBytes: 10 })
    let refusing = false
    graph.behave = ({ headers }) => (refusing && headers['content-encoding'] ? { status: 415, body: '' } : 'accept')

    const replies = [await api.post('111', BODY, 5_000)]
    refusing = true
    replies.push(await api.post('111', BODY, 5_000), await api.post('111', BODY, 5_000))

    expect(replies.map((reply) => reply.kind === 'answer' && reply.status)).toEqual([200, 200, 200])
    expect(graph.requests.map(({ headers }) => headers['content-encoding'])).toEqual([
      'gzip',
      'gzip',
      undefined,
      undefined,
    ])
  })
})
