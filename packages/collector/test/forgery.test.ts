import { describe, expect, it } from 'vitest'
import { API_KEY, BROWSER, PIXEL_ID, purchase, queued, runCollector, SHOP } from './running-collector.js'

const DAY_S = 86_400
const nowS = () => Math.floor(Date.now() / 1000)

/** A collector behind one proxy, which appends the address that it was asked from. */
async function behindProxy() {
  const collector = await runCollector({ env: { TRUST_PROXY: '1' } })
  const send = async (headers: Record<string, string>, event: Record<string, unknown>) => {
    const answer = await fetch(`${collector.url}/events`, {
      method: 'POST',
      headers: { 'user-agent': BROWSER, 'x-forwarded-for': '6.6.6.6, 198.51.100.9', ...headers },
      body: JSON.stringify(event),
    })
    const [taken] = await queued(collector.queue)
    return { status: answer.status, taken }
  }
  return {
    asBrowser: (event: Record<string, unknown>) => send({ origin: SHOP }, event),
    asServer: (event: Record<string, unknown>) => send({ authorization: `Bearer ${API_KEY}` }, event),
  }
}

describe('a browser', () => {
  it('cannot set the address or the user agent of somebody else', async () => {
    const { asBrowser } = await behindProxy()

    const { taken } = await asBrowser(
      purchase({
        user_data: { client_ip_address: '203.0.113.7', client_user_agent: 'Somebody else’s/1.0', em: 'a@b.example' },
      }),
    )

    expect(taken?.['user_data']).toMatchObject({ client_ip_address: '198.51.100.9', client_user_agent: BROWSER })
  })

  it.each([3, 5, 100])('cannot say that it happened %i days ago', async (days) => {
    const { asBrowser } = await behindProxy()

    const { status, taken } = await asBrowser(purchase({ event_time: nowS() - days * DAY_S }))

    const age = nowS() - Number(taken?.['event_time'] ?? nowS())
    // Two days are let pass: so long may a tracker have been offline.
    expect(status === 400 || age < 2 * DAY_S).toBe(true)
  })

  it('cannot say that it happened in a shop or on the telephone', async () => {
    const { asBrowser } = await behindProxy()

    const { status, taken } = await asBrowser(purchase({ action_source: 'physical_store' }))

    expect(status === 400 || taken?.['action_source'] === 'website').toBe(true)
  })

  it('cannot ask for a view of Test Events', async () => {
    const { queue, url } = await runCollector()

    await fetch(`${url}/events`, {
      method: 'POST',
      headers: { origin: SHOP, 'user-agent': BROWSER },
      body: JSON.stringify({ data: [purchase()], test_event_code: 'TEST1' }),
    })

    expect((await queue.lanes()).map(({ lane }) => lane)).toEqual([{ pixelId: PIXEL_ID }])
  })

  it('cannot send for a pixel whose pages it does not belong to, and its neighbours are kept', async () => {
    const { url, queue } = await runCollector({
      pixels: pixelsOf({ '1': SHOP, '2': 'https://other.example' }),
    })

    const answer = await fetch(`${url}/events`, {
      method: 'POST',
      headers: { origin: SHOP, 'user-agent': BROWSER },
      body: JSON.stringify({ data: [purchase({ pixel_id: '1' }), purchase({ pixel_id: '2' })] }),
    })

    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({
      events_received: 1,
      rejected: [{ index: 1, code: 'origin_not_allowed', path: 'pixel_id' }],
    })
    expect((await queue.lanes()).map(({ lane }) => lane.pixelId)).toEqual(['1'])
  })
})

describe('a server with a key', () => {
  it('may set address, user agent, an old time and another action source', async () => {
    const { asServer } = await behindProxy()
    const event_time = nowS() - 5 * DAY_S

    const { taken } = await asServer(
      purchase({
        event_time,
        action_source: 'phone_call',
        user_data: { client_ip_address: '203.0.113.7', client_user_agent: 'Mozilla/5.0', em: 'a@b.example' },
      }),
    )

    expect(taken).toMatchObject({
      event_time,
      action_source: 'phone_call',
      user_data: { client_ip_address: '203.0.113.7', client_user_agent: 'Mozilla/5.0' },
    })
  })
})

function pixelsOf(origins: Record<string, string>) {
  const pixels = Object.entries(origins).map(([id, origin]) => ({ id, allowedOrigins: [origin] }))
  return {
    get: (id: string) => pixels.find((pixel) => pixel.id === id),
    all: () => pixels,
    onChange: () => () => undefined,
  }
}
