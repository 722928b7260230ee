import { describe, expect, it } from 'vitest'
import { eventOf } from '../../src/http/noscript.js'
import { serve, SHOP } from './serve.js'

const GIF = /^GIF89a/

describe('GET /tr', () => {
  it('takes the event and answers with a picture', async () => {
    const { url, ingests } = await serve({ now: () => 1_764_000_000_999 })

    const answer = await fetch(`${url}/tr?id=1&ev=PageView&noscript=1`, { headers: { referer: `${SHOP}/a` } })

    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('image/gif')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(await answer.text()).toMatch(GIF)
    expect(ingests).toEqual([
      {
        body: {
          pixel_id: '1',
          event_name: 'PageView',
          event_time: 1_764_000_000,
          action_source: 'website',
          event_source_url: `${SHOP}/a`,
          user_data: {},
          custom_data: {},
          mirror: { pixel: 'absent' },
        },
        received: expect.objectContaining({ sender: 'browser', origin: SHOP }) as object,
      },
    ])
  })

  it('sets the visitor’s cookies', async () => {
    const { url } = await serve({
      pixels: [{ id: '1', allowedOrigins: [] }],
      ingested: { identity: { fbp: 'fb.0.1.2' } },
    })

    const answer = await fetch(`${url}/tr?id=1&ev=PageView`, { headers: { referer: `${url}/a` } })

    expect(answer.headers.getSetCookie()).toEqual([expect.stringMatching(/^_fbp=fb\.0\.1\.2; /)])
  })

  it.each<[string, Record<string, string>, string]>([
    ['a foreign page', { referer: 'https://evil.example/' }, 'origin'],
    ['nobody knows whom', {}, 'api_key'],
  ])('shows the picture to %s, too, but takes nothing', async (_, headers, reason) => {
    const { url, ingests, happenings } = await serve()

    const answer = await fetch(`${url}/tr?id=1&ev=Purchase`, { headers })

    expect(answer.status).toBe(200)
    expect(await answer.text()).toMatch(GIF)
    expect(ingests).toEqual([])
    expect(happenings).toContainEqual(expect.objectContaining({ kind: 'turned_away', reason }))
  })

  it('shows the picture even when a fault of ours is in the way', async () => {
    const { url } = await serve({ ingest: () => Promise.reject(new Error('oops')) })

    const answer = await fetch(`${url}/tr?id=1&ev=Purchase`, { headers: { referer: SHOP } })

    expect(answer.status).toBe(200)
    expect(await answer.text()).toMatch(GIF)
  })
})

describe('eventOf()', () => {
  it('reads Meta’s parameters', () => {
    const query = new URLSearchParams({
      id: '42',
      ev: 'Purchase',
      eid: 'order-1',
      dl: 'https://shop.example/thanks',
      rl: 'https://shop.example/cart',
      'cd[value]': '12.5',
      'cd[currency]': 'EUR',
      'cd[contents]': '[{"id":"a","quantity":1}]',
      'cd[content_name]': '[half',
      'ud[em]': 'hash',
      dpo: 'LDU',
      dpoco: '1',
      dpost: '1000',
      ts: '1',
      sw: '1920',
    })

    expect(eventOf(query, 5_999)).toEqual({
      pixel_id: '42',
      event_name: 'Purchase',
      event_id: 'order-1',
      event_time: 5,
      action_source: 'website',
      event_source_url: 'https://shop.example/thanks',
      referrer_url: 'https://shop.example/cart',
      user_data: { em: 'hash' },
      custom_data: {
        value: '12.5',
        currency: 'EUR',
        contents: [{ id: 'a', quantity: 1 }],
        content_name: '[half',
      },
      data_processing_options: ['LDU'],
      data_processing_options_country: 1,
      data_processing_options_state: 1000,
      mirror: { pixel: 'absent' },
    })
  })

  it('takes an empty `dpo` as “no options”', () => {
    expect(eventOf(new URLSearchParams('dpo='), 0)).toMatchObject({ data_processing_options: [] })
  })

  it.each(['cd[]=1', 'cd=1', 'xcd[a]=1', 'cd[a=1', 'cd[__proto__]=x'])(
    'adds nothing that is inherited by %s',
    (query) => {
      const event = eventOf(new URLSearchParams(query), 0)

      expect(Object.getPrototypeOf(event['custom_data'])).toBe(Object.prototype)
      expect((event['custom_data'] as { a?: unknown }).a).toBeUndefined()
    },
  )
})
