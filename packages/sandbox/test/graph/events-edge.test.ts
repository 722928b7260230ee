import { createHmac } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { createSandbox, type Sandbox, type SandboxOptions } from '../../src/index.js'
import { NOW_MS, pageView, purchase } from '../sample.js'

let sandbox: Sandbox
let url: string

async function start(options: SandboxOptions = {}): Promise<void> {
  sandbox = createSandbox({ now: () => NOW_MS, ...options })
  url = (await sandbox.start()).url
}

afterEach(async () => {
  await sandbox.stop()
})

interface GraphAnswer {
  events_received?: number
  messages?: string[]
  fbtrace_id?: string
  error?: Record<string, unknown>
}

async function call(path: string, init: RequestInit = {}): Promise<{ status: number; body: GraphAnswer }> {
  const response = await fetch(`${url}${path}`, { method: 'POST', ...init })
  return { status: response.status, body: (await response.json()) as GraphAnswer }
}

/** Sends as Meta's documentation says: JSON, with the token in a header. */
function post(body: unknown, path = '/v26.0/42/events') {
  const headers = { authorization: 'Bearer secret', 'content-type': 'application/json' }
  return call(path, { headers, body: typeof body === 'string' ? body : JSON.stringify(body) })
}

const FORM = 'application/x-www-form-urlencoded'

describe('POST /v{n}/{pixel_id}/events', () => {
  it('answers a good batch as Meta does', async () => {
    await start()

    const { status, body } = await post({ data: [pageView(), purchase()] })

    expect(status).toBe(200)
    expect(body).toEqual({
      events_received: 2,
      messages: [],
      fbtrace_id: expect.stringMatching(/^A[\w-]{22}$/) as string,
    })
    expect(sandbox.received()).toMatchObject([
      { channel: 'server', pixel_id: '42', event_name: 'PageView', event: pageView() },
      { channel: 'server', pixel_id: '42', event_name: 'Purchase', event_id: 'order-1001', event: purchase() },
    ])
  })

  it('takes the token from a header, the body, the query or a form', async () => {
    await start({ pixels: [{ id: '42', accessToken: 'secret' }] })
    const data = [purchase()]
    const form = new URLSearchParams({ data: JSON.stringify(data), access_token: 'secret' })
    const multipart = new FormData()
    multipart.set('data', JSON.stringify(data))
    multipart.set('access_token', 'secret')

    const answers = [
      await post({ data }),
      await call('/v26.0/42/events', { body: JSON.stringify({ data, access_token: 'secret' }) }),
      await call('/v26.0/42/events?access_token=secret', { body: JSON.stringify({ data }) }),
      await call('/v26.0/42/events', { body: form, headers: { 'content-type': FORM } }),
      await call('/v26.0/42/events', { body: multipart }),
    ]

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    const places = sandbox.received().map((copy) => copy.channel === 'server' && copy.request.tokenPlace)
    expect(places).toEqual(['header', 'body', 'query', 'body', 'body'])
  })

  it('keeps no token', async () => {
    await start()

    await post({ data: [purchase()], access_token: 'secret' })
    await post({ data: [], access_token: 'secret' })

    expect(JSON.stringify([sandbox.received(), sandbox.copies(), sandbox.refusals()])).not.toContain('secret')
  })

  it('refuses the whole batch for one bad event, and does not say which', async () => {
    await start()

    const { status, body } = await post({ data: [pageView(), purchase({ custom_data: { value: 1 } }), pageView()] })

    expect(status).toBe(400)
    expect(body.error).toEqual({
      message: 'Invalid parameter',
      type: 'OAuthException',
      code: 100,
      error_subcode: 2804010,
      is_transient: false,
      error_user_title: 'Missing Currency for Purchase Event',
      error_user_msg: expect.stringContaining('currency') as string,
      fbtrace_id: expect.stringMatching(/^A/) as string,
    })
    expect(sandbox.received()).toEqual([])
    expect(sandbox.refusals()).toMatchObject([
      {
        pixel_id: '42',
        events: 3,
        code: 100,
        subcode: 2804010,
        rule: 'purchase_without_currency',
        path: 'data[1].custom_data.currency',
        event_id: 'order-1001',
      },
    ])
  })

  it('names the parameter that is not hashed', async () => {
    await start()

    const { body } = await post({
      data: [purchase({ user_data: { em: 'plain@shop.example', client_user_agent: 'M' } })],
    })

    expect(body.error).toMatchObject({ error_subcode: 2804016 })
    expect(body.error?.['error_user_msg']).toContain('user_data.em')
    expect(JSON.stringify(body)).not.toContain('plain@shop.example')
  })

  it.each<[what: string, body: unknown, rule: string | undefined]>([
    ['no JSON', '{"data":', undefined],
    ['a bare list', [pageView()], undefined],
    ['an empty body', '', 'data_missing'],
    ['no data', {}, 'data_missing'],
    ['data that is no list', { data: pageView() }, 'data_not_a_list'],
    ['no event', { data: [] }, 'data_empty'],
    ['1,001 events', { data: Array.from({ length: 1_001 }, () => pageView()) }, 'too_many_events'],
    ['an event that is no object', { data: [pageView(), 'PageView'] }, 'event_not_an_object'],
    ['a test event code that is no text', { data: [pageView()], test_event_code: 7 }, 'request_field_of_wrong_type'],
    [
      'a partner agent of 23 characters',
      { data: [pageView()], partner_agent: 'x'.repeat(23) },
      'partner_agent_malformed',
    ],
    ['a partner agent of one letter', { data: [pageView()], partner_agent: '1x-2' }, 'partner_agent_malformed'],
  ])('refuses %s with code 100', async (_, body, rule) => {
    await start()

    const answer = await post(body)

    expect(answer).toMatchObject({ status: 400, body: { error: { code: 100 } } })
    expect(sandbox.refusals()[0]?.rule).toBe(rule)
  })

  it('takes 1,000 events at once', async () => {
    await start()

    const { body } = await post({
      data: Array.from({ length: 1_000 }, () => pageView()),
      partner_agent: 'pixel-mirror',
    })

    expect(body.events_received).toBe(1_000)
  })

  it('takes a field beside the data that is null for one that is not there, as Meta’s own SDK writes it', async () => {
    await start()

    const { body } = await post({ data: [pageView()], partner_agent: null, test_event_code: null, upload_id: null })

    expect(body.events_received).toBe(1)
    expect(sandbox.received()[0]).not.toHaveProperty('test_event_code')
  })

  it('notes the test event code beside each event', async () => {
    await start()

    await post({ data: [pageView()], test_event_code: 'TEST123' })

    expect(sandbox.received()).toMatchObject([{ test_event_code: 'TEST123' }])
  })

  it.each<[what: string, path: string, init: RequestInit, error: Record<string, unknown>]>([
    ['no token', '/v26.0/42/events', {}, { code: 190, type: 'OAuthException' }],
    ['a wrong token', '/v26.0/42/events?access_token=guess', {}, { code: 190 }],
    [
      'an unknown pixel',
      '/v26.0/43/events?access_token=one',
      {},
      { code: 100, error_subcode: 33, type: 'GraphMethodException' },
    ],
    ['another pixel’s token', '/v26.0/44/events?access_token=one', {}, { code: 100, error_subcode: 33 }],
    ['a pixel id that is no number', '/v26.0/shop/events?access_token=one', {}, { code: 803 }],
    ['no appsecret_proof', '/v26.0/44/events?access_token=two', {}, { code: 104 }],
    ['a wrong appsecret_proof', '/v26.0/44/events?access_token=two&appsecret_proof=00', {}, { code: 104 }],
    ['a version that has expired', '/v20.0/42/events?access_token=one', {}, { code: 2635 }],
    ['a GET', '/v26.0/42/events?access_token=one', { method: 'GET' }, { code: 100, error_subcode: 33 }],
    ['an unknown path', '/nowhere', {}, { code: 2500 }],
  ])('refuses %s', async (_, path, init, error) => {
    const pixels = [
      { id: '42', accessToken: 'one' },
      { id: '44', accessToken: 'two', appSecret: 'hush' },
    ]
    await start({ pixels })

    const body = init.method === 'GET' ? null : JSON.stringify({ data: [pageView()] })
    const answer = await call(path, { body, ...init })

    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.body.error).toMatchObject(error)
    expect(sandbox.counts().serverCopies).toBe(0)
  })

  it('takes the right appsecret_proof', async () => {
    await start({ pixels: [{ id: '44', accessToken: 'two', appSecret: 'hush' }] })
    const appsecret_proof = createHmac('sha256', 'hush').update('two').digest('hex')

    const body = JSON.stringify({ data: [pageView()], access_token: 'two', appsecret_proof })
    const { status } = await call('/v26.0/44/events', { body })

    expect(status).toBe(200)
  })

  it('lets a version go on the day Meta does', async () => {
    let now = Date.UTC(2027, 0, 20, 12)
    await start({ now: () => now })
    const send = () => post({ data: [pageView({ event_time: Math.floor(now / 1000) })] }, '/v21.0/42/events')

    const before = await send()
    now += 86_400_000
    const after = await send()

    expect([before.status, after.body.error?.['code']]).toEqual([200, 2635])
  })

  it('judges nothing but the list when it is not strict', async () => {
    await start({ strict: false })

    const { body } = await post({ data: [{ anything: 'goes' }] })

    expect(body.events_received).toBe(1)
  })

  it('counts without reading when neither strictness nor ids are asked for', async () => {
    await start({ strict: false, keep: 'counts' })

    const { body } = await post({ data: [pageView(), purchase(), pageView({ event_name: 'action_source' })] })

    expect(body).toMatchObject({ events_received: 3, messages: [] })
    expect(sandbox.counts()).toMatchObject({ acceptedRequests: 1, serverCopies: 3, counted: 3 })
  })

  it('refuses a body that is too large', async () => {
    await start({ maxBodyBytes: 1_000 })

    const { status } = await post({ data: [pageView({ custom_data: { text: 'x'.repeat(2_000) } })] })

    expect(status).toBe(413)
  })
})
