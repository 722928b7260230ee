import { request } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSandbox, type EventCopies, type Sandbox, type SandboxOptions } from '../../src/index.js'
import { NOW_MS, pageView, purchase } from '../sample.js'

let sandbox: Sandbox
let url: string

async function start(options: SandboxOptions = {}): Promise<void> {
  sandbox = createSandbox({ now: () => NOW_MS, ...options })
  url = (await sandbox.start()).url
}

beforeEach(() => start())
afterEach(() => sandbox.stop())

const JSON_TYPE = { 'content-type': 'application/json' }

async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = JSON_TYPE) {
  const response = await fetch(`${url}${path}`, {
    method,
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

const send = (events: unknown[], pixelId = '42') =>
  call('POST', `/v26.0/${pixelId}/events?access_token=secret`, { data: events })

async function copies(query = ''): Promise<EventCopies[]> {
  return (await call('GET', `/sandbox/copies${query}`)).body['copies'] as EventCopies[]
}

describe('/sandbox/copies', () => {
  it('lists the events, the newest first, each with its copies and the verdict', async () => {
    await fetch(`${url}/tr/?id=42&ev=Purchase&eid=order-1001`)
    await send([purchase(), pageView({ event_id: 'B' })])

    expect(await copies()).toMatchObject([
      { event_id: 'B', verdict: 'server_only', browser: [], server: [{ event: pageView({ event_id: 'B' }) }] },
      {
        pixel_id: '42',
        event_name: 'Purchase',
        event_id: 'order-1001',
        verdict: 'once',
        counted: 1,
        browser: [{ counted: true, hit: { event_id: 'order-1001' } }],
        server: [{ counted: false, warnings: [], request: { number: 1, events: 2, version: 26, tokenPlace: 'query' } }],
      },
    ])
  })

  it('finds by pixel, name, id and verdict, and gives no more than asked', async () => {
    await send([purchase(), pageView({ event_id: 'B' })])
    await send([purchase()], '43')

    const found = await Promise.all(
      ['?pixel_id=43', '?event_name=PageView', '?event_id=order-1001', '?verdict=once', '?limit=1'].map(copies),
    )

    expect(found.map((list) => list.length)).toEqual([1, 1, 2, 0, 1])
  })

  it('forgets when told to', async () => {
    await send([purchase()])
    await send([])

    await call('DELETE', '/sandbox/copies')

    expect(await copies()).toEqual([])
    expect(sandbox.refusals()).toEqual([])
    expect(sandbox.counts()).toMatchObject({ requests: 0, serverCopies: 0, refusedRequests: 0 })
  })
})

describe('/sandbox/behave', () => {
  it('sets one behaviour or several, lists and clears them', async () => {
    await call('POST', '/sandbox/behave', { kind: 'html' })
    await call('POST', '/sandbox/behave', [
      { kind: 'latency', ms: 1 },
      { kind: 'half', times: 2 },
    ])

    const { body } = await call('GET', '/sandbox/behave')
    expect(body['active']).toMatchObject([{ kind: 'html' }, { kind: 'latency', ms: 1 }, { kind: 'half', times: 2 }])
    expect((await fetch(`${url}/v26.0/42/events?access_token=x`, { method: 'POST' })).status).toBe(502)

    await call('DELETE', '/sandbox/behave')
    expect(sandbox.behaviours()).toEqual([])
  })

  it.each<[what: string, body: unknown, says: string]>([
    ['an unknown kind', { kind: 'sulk' }, 'kind must be one of: latency'],
    ['no kind', {}, 'kind must be one of'],
    ['no object', 'html', 'a behaviour is an object'],
    ['a missing field', { kind: 'latency' }, 'ms: must be a whole number'],
    ['a field of another kind', { kind: 'half', ms: 3 }, 'ms: half knows only'],
    ['a chance above one', { kind: 'half', probability: 2 }, 'probability: must be a number from 0 to 1'],
    ['one wrong among right ones', [{ kind: 'html' }, { kind: 'sulk' }], 'kind must be one of'],
  ])('refuses %s, and says why', async (_, body, says) => {
    const answer = await call('POST', '/sandbox/behave', body)

    expect(answer.status).toBe(400)
    expect(JSON.stringify(answer.body)).toContain(says)
    expect(sandbox.behaviours()).toEqual([])
  })

  it('refuses what is not JSON', async () => {
    const response = await fetch(`${url}/sandbox/behave`, { method: 'POST', headers: JSON_TYPE, body: '{' })

    expect(response.status).toBe(400)
  })
})

describe('the rest of the control API', () => {
  it('tells the sums', async () => {
    await send([purchase()])

    expect((await call('GET', '/sandbox/counts')).body).toEqual(sandbox.counts())
  })

  it('tells what Meta keeps to itself about a refusal', async () => {
    await send([pageView(), pageView({ event_name: '' })])

    expect((await call('GET', '/sandbox/refusals')).body['refusals']).toMatchObject([
      { rule: 'event_name_missing', path: 'data[1].event_name', code: 100, events: 2 },
    ])
  })

  it('tells its rules', async () => {
    const rules = (await call('GET', '/sandbox/rules')).body['rules'] as { name: string }[]

    expect(rules.map(({ name }) => name)).toEqual(expect.arrayContaining(['too_many_events', 'user_data_not_hashed']))
  })

  it.each([
    ['GET', '/sandbox/nothing', 404],
    ['PUT', '/sandbox/copies', 405],
    ['POST', '/', 405],
  ])('answers %s %s with %i', async (method, path, status) => {
    expect((await call(method, path)).status).toBe(status)
  })
})

describe('who may steer', () => {
  it.each<[what: string, headers: Record<string, string>]>([
    ['came through a proxy', { 'x-forwarded-for': '203.0.113.9' }],
    ['came through a proxy that says so by the standard', { forwarded: 'for=203.0.113.9' }],
  ])('not who %s', async (_, headers) => {
    expect((await call('GET', '/sandbox/copies', undefined, headers)).status).toBe(403)
    expect((await call('POST', '/v26.0/42/events?access_token=x', { data: [pageView()] }, headers)).status).toBe(200)
  })

  it('not who calls this machine by a foreign name', async () => {
    const status = await new Promise((resolve, reject) => {
      request(`${url}/sandbox/copies`, { headers: { host: 'evil.example' } }, (res) => resolve(res.resume().statusCode))
        .on('error', reject)
        .end()
    })

    expect(status).toBe(403)
  })

  it('not a form on a foreign page', async () => {
    const answer = await call('POST', '/sandbox/behave', { kind: 'html' }, { 'content-type': 'text/plain' })

    expect(answer.status).toBe(415)
    expect(sandbox.behaviours()).toEqual([])
  })

  it('everyone, where that was asked for', async () => {
    await sandbox.stop()
    await start({ control: 'anyone' })

    expect((await call('GET', '/sandbox/copies', undefined, { 'x-forwarded-for': '203.0.113.9' })).status).toBe(200)
  })

  it('nobody, where that was asked for', async () => {
    await sandbox.stop()
    await start({ control: 'nobody' })

    expect((await call('GET', '/')).status).toBe(403)
  })
})

describe('the page', () => {
  const page = async () => (await fetch(`${url}/`)).text()

  it('shows what arrived, what was refused and what is going wrong on demand', async () => {
    await fetch(`${url}/tr/?id=42&ev=Purchase&eid=order-1001`)
    await send([purchase()])
    await send([pageView({ event_name: '' })])
    sandbox.behave({ kind: 'latency', ms: 1 })

    const html = await page()

    expect(html).toContain('order-1001')
    expect(html).toContain('counted once')
    expect(html).toContain('event_name_missing')
    expect(html).toContain('latency')
  })

  it('never runs what an event says', async () => {
    await send([purchase({ event_name: '<script>alert(1)</script>', event_id: '"><img src=x onerror=alert(1)>' })])

    const html = await page()

    expect(html).not.toContain('<script>alert')
    expect(html).not.toContain('<img')
  })

  it('lets the browser run its own script and nothing else', async () => {
    const policy = (await fetch(`${url}/`)).headers.get('content-security-policy')

    expect(policy).toMatch(/default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-/)
  })
})
