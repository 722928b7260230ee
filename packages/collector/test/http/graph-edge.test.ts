import { describe, expect, it } from 'vitest'
import { API_KEY, pixel, serve } from './serve.js'
import type { ServeOptions } from './serve.js'

const EVENT = { event_name: 'Purchase', event_time: 1_764_000_000 }
const DATA = JSON.stringify([EVENT])

type Sent = [body: NonNullable<RequestInit['body']>, headers?: Record<string, string>, path?: string]

async function edge(options: ServeOptions = {}) {
  const served = await serve({ pixels: [pixel('42')], ...options })
  return {
    ...served,
    send: (body: NonNullable<RequestInit['body']>, headers: Record<string, string> = {}, path = '/v26.0/42/events') =>
      fetch(served.url + path, { method: 'POST', headers, body }),
  }
}

describe('POST /v{n}/{pixel_id}/events', () => {
  it.each<[string, () => Sent]>([
    ['JSON with the token in it', () => [JSON.stringify({ data: [EVENT], access_token: API_KEY })]],
    [
      'JSON with the token in the query',
      () => [JSON.stringify({ data: [EVENT] }), {}, `/v26.0/42/events?access_token=${API_KEY}`],
    ],
    [
      'JSON with the token in the header',
      () => [JSON.stringify({ data: [EVENT] }), { authorization: `Bearer ${API_KEY}` }],
    ],
    ['JSON whose data is text', () => [JSON.stringify({ data: DATA, access_token: API_KEY })]],
    ['a URL-encoded form', () => [new URLSearchParams({ data: DATA, access_token: API_KEY, appsecret_proof: 'x' })]],
    ['a multipart form', () => [form({ data: DATA, access_token: API_KEY, test_event_code: 'TEST1' })]],
    [
      'everything in the query',
      () => ['', {}, `/v26.0/42/events?access_token=${API_KEY}&data=${encodeURIComponent(DATA)}`],
    ],
    ['another version', () => [JSON.stringify({ data: [EVENT], access_token: API_KEY }), {}, '/v19.0/42/events']],
    ['no version', () => [JSON.stringify({ data: [EVENT], access_token: API_KEY }), {}, '/42/events']],
  ])('takes %s and answers as Meta does', async (_, request) => {
    const { send, ingests } = await edge()

    const answer = await send(...request())

    expect(answer.status).toBe(200)
    expect(await answer.json()).toEqual({
      events_received: 1,
      messages: [],
      fbtrace_id: expect.stringMatching(/^\w[\w-]{20,}$/) as string,
    })
    expect(ingests[0]?.body).toMatchObject({ data: [EVENT] })
    expect(ingests[0]?.received).toMatchObject({ sender: 'server', pixelId: '42' })
  })

  it('hands over the test event code, and neither token nor proof', async () => {
    const { send, ingests } = await edge()

    await send(JSON.stringify({ data: [EVENT], access_token: API_KEY, appsecret_proof: 'p', test_event_code: 'TEST1' }))

    expect(ingests[0]?.body).toEqual({ data: [EVENT], test_event_code: 'TEST1' })
  })

  it('gives each answer its own fbtrace_id', async () => {
    const { send } = await edge()
    const body = JSON.stringify({ data: [EVENT], access_token: API_KEY })

    const [first, second] = [await (await send(body)).json(), await (await send(body)).json()] as {
      fbtrace_id: string
    }[]

    expect(first?.fbtrace_id).not.toBe(second?.fbtrace_id)
  })

  it('names a bad event in `messages` and keeps the others', async () => {
    const { send } = await edge({
      ingested: {
        eventsReceived: 1,
        rejected: [{ index: 1, code: 'no_name', path: 'event_name', message: 'It has no name.' }],
      },
    })

    const answer = await send(JSON.stringify({ data: [EVENT, {}], access_token: API_KEY }))

    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({
      events_received: 1,
      messages: ['data[1].event_name: It has no name.'],
      rejected: [{ index: 1, code: 'no_name' }],
    })
  })

  it('answers 400 in Meta’s envelope when no event is good', async () => {
    const { send } = await edge({
      ingested: {
        eventsReceived: 0,
        rejected: [{ index: 0, code: 'x', path: '', message: 'It is bad.' }],
      },
    })

    const answer = await send(JSON.stringify({ data: [{}], access_token: API_KEY }))

    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({
      error: { message: 'Invalid parameter: data[0]: It is bad.', type: 'OAuthException', code: 100 },
    })
  })

  it.each<[string, string, Record<string, string>, string]>([
    ['no token', JSON.stringify({ data: [EVENT] }), {}, ''],
    ['a wrong token in the body', JSON.stringify({ data: [EVENT], access_token: 'x' }), {}, ''],
    ['a token that is no text', JSON.stringify({ data: [EVENT], access_token: [API_KEY] }), {}, ''],
    [
      'a wrong token in the header beside a right one',
      JSON.stringify({ data: [EVENT], access_token: API_KEY }),
      { authorization: 'Bearer x' },
      '',
    ],
    [
      'a wrong token in the body beside a right one in the query',
      JSON.stringify({ data: [EVENT], access_token: 'x' }),
      {},
      `?access_token=${API_KEY}`,
    ],
  ])('answers 401 to %s', async (_, body, headers, query) => {
    const { send, ingests } = await edge()

    const answer = await send(body, headers, `/v26.0/42/events${query}`)

    expect(answer.status).toBe(401)
    expect(await answer.json()).toMatchObject({ error: { code: 190, type: 'OAuthException' } })
    expect(ingests).toEqual([])
  })

  it('answers as Meta does to a pixel that it does not have', async () => {
    const { send } = await edge()

    const answer = await send(JSON.stringify({ data: [EVENT], access_token: API_KEY }), {}, '/v26.0/43/events')

    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ error: { code: 100, error_subcode: 33, type: 'GraphMethodException' } })
  })

  it.each([
    ['no data', {}],
    ['empty data', { data: [] }],
    ['data that is no list', { data: { event_name: 'x' } }],
    ['data whose text is no JSON', { data: '[{' }],
  ])('answers 400 to %s', async (_, fields) => {
    const { send, ingests } = await edge()

    const answer = await send(JSON.stringify({ ...fields, access_token: API_KEY }))

    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ error: { code: 100 } })
    expect(ingests).toEqual([])
  })

  it('does not limit who proves to be a server, and limits who does not', async () => {
    const { send } = await edge({ settings: { rateLimit: 1 }, now: () => 1_000_000 })
    const body = (access_token: string) => JSON.stringify({ data: [EVENT], access_token })

    const servers = []
    for (let count = 0; count < 20; count++) servers.push((await send(body(API_KEY))).status)
    const strangers = []
    for (let count = 0; count < 6; count++) strangers.push((await send(body('guess'))).status)

    expect(new Set(servers)).toEqual(new Set([200]))
    expect(strangers).toEqual([401, 401, 401, 401, 401, 429])
  })
})

function form(fields: Record<string, string>): FormData {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.append(name, value)
  return form
}
