import { createSandbox, type Sandbox } from '@pixel-mirror/sandbox'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { httpHandler, type HttpHandler } from '../lambda/http-handler.js'
import { ORIGIN, purchase, request, TOKEN } from './api-gateway.js'

let sandbox: Sandbox
let handler: HttpHandler
let token = TOKEN
let mend = () => {}

beforeAll(async () => {
  sandbox = createSandbox()
  const { url } = await sandbox.start(0)
  handler = httpHandler({
    env: { META_PIXEL_ID: '1234567890', META_GRAPH_URL: url, ALLOWED_ORIGINS: ORIGIN, LOG_LEVEL: 'silent' },
    token: { read: () => Promise.resolve(token), forget() {} },
  })
})
afterAll(() => sandbox.stop())
beforeEach(() => {
  mend()
  sandbox.forget()
  token = TOKEN
})

const answerOf = (answer: { body?: string }) => JSON.parse(answer.body ?? '{}') as Record<string, unknown>
const received = () => sandbox.received().map((copy) => copy.event_id)

describe('POST /events on Lambda', () => {
  it('answers 200 when Meta has the event, with the visitor’s address and cookie in it', async () => {
    const answer = await handler(request('POST', '/events', { data: [purchase()] }))

    expect(answer).toMatchObject({ statusCode: 200 })
    expect(answerOf(answer)).toEqual({ events_received: 1 })
    expect(sandbox.received()).toMatchObject([
      {
        event_id: 'order-1',
        event: { user_data: { client_ip_address: '203.0.113.9', fbp: 'fb.1.1763999000000.1234567890' } },
      },
    ])
  })

  it('never answers 200 before Meta did: while Meta fails it says when to come again', async () => {
    mend = sandbox.behave({ kind: 'server_error' })

    const answer = await handler(request('POST', '/events', { data: [purchase('order-2')] }))

    expect(answer.statusCode).toBe(503)
    expect(answer.headers).toHaveProperty('retry-after')
    expect(received()).toEqual([])
  })

  it('refuses a page from elsewhere', async () => {
    const answer = await handler(request('POST', '/events', purchase(), { origin: 'https://elsewhere.example' }))

    expect(answer.statusCode).toBe(403)
  })

  it('uses a rotated token from the next request on', async () => {
    token = `${TOKEN}-rotated`

    const answer = await handler(request('POST', '/events', purchase('order-3')))

    expect(answer.statusCode).toBe(200)
  })
})

describe('POST /fb_conversion, as older pages send it', () => {
  it('answers 200 when Meta has received exactly that event', async () => {
    const answer = await handler(request('POST', '/fb_conversion', { ...purchase(), event_id: 1764000001 }))

    expect(answer.statusCode).toBe(200)
    expect(answerOf(answer)).toEqual({ events_received: 1 })
    expect(received()).toEqual(['1764000001'])
  })

  it('answers 400 with the reason when the event cannot be taken', async () => {
    const answer = await handler(request('POST', '/fb_conversion', purchase('order-4', { value: 12 })))

    expect(answer.statusCode).toBe(400)
    expect(answerOf(answer)).toMatchObject({ error: { message: expect.stringMatching(/currency/i) as string } })
  })

  it('answers 400, not 200, while Meta refuses the token', async () => {
    mend = sandbox.behave({ kind: 'bad_token' })

    expect((await handler(request('POST', '/fb_conversion', purchase('order-5')))).statusCode).toBe(400)
  })

  it.each(['GET', 'PUT', 'DELETE'])('answers %s with a clear error', async (method) => {
    const answer = await handler(request(method, '/fb_conversion'))

    expect(answer).toMatchObject({ statusCode: 405, headers: { allow: 'POST' } })
    expect(answerOf(answer)).toMatchObject({ error: { message: expect.stringContaining(method) as string } })
  })
})
