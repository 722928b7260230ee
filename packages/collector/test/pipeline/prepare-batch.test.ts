import { describe, expect, it } from 'vitest'
import type { PipelineOptions } from '../../src/pipeline/pipeline-options.js'
import { prepareBatch } from '../../src/pipeline/prepare-batch.js'
import type { Prepared, Received } from '../../src/pipeline/received.js'
import { createPixels } from '../../src/pixels.js'
import { fromBrowser, fromServer, NOW, NOW_MS, PIXEL_ID, pipelineOptions, PURCHASE } from './fixtures.js'

function batch(body: unknown, received: Received = fromBrowser(), options: Partial<PipelineOptions> = {}) {
  return prepareBatch(body, received, pipelineOptions(options))
}

function prepared(body: unknown, received?: Received, options?: Partial<PipelineOptions>): Prepared[] {
  const result = batch(body, received, options)
  return result.kind === 'prepared' ? result.prepared : []
}

function sent(one: Prepared | undefined): Record<string, unknown> {
  return one?.kind === 'ready' ? (JSON.parse(one.event.json) as Record<string, unknown>) : {}
}

describe('the body of a request', () => {
  it.each([
    ['{data: […]}', { data: [PURCHASE, PURCHASE] }, 2],
    ['a list of events', [PURCHASE], 1],
    ['one event', PURCHASE, 1],
    ['data as JSON text, from a form', { data: JSON.stringify([PURCHASE]) }, 1],
  ])('may be %s', (_shape, body, count) => {
    expect(prepared(body).map(({ kind }) => kind)).toEqual(Array.from({ length: count }, () => 'ready'))
  })

  it('may be the older one of hand-made relays', () => {
    const { event_name, event_source_url, user_data, custom_data } = PURCHASE

    const [event] = prepared({ event_name, event_id: 1001, event_source_url, user_data, custom_data })

    expect(sent(event)).toMatchObject({ event_id: '1001', event_time: NOW, action_source: 'website' })
  })

  it.each([
    [undefined, 'not_an_event'],
    [null, 'not_an_event'],
    ['text', 'not_an_event'],
    [7, 'not_an_event'],
    [{}, 'not_an_event'],
    [{ data: 'no json' }, 'not_an_event'],
    [{ data: {} }, 'not_an_event'],
    [{ data: [] }, 'no_events'],
    [[], 'no_events'],
    [Array.from({ length: 1_001 }, () => PURCHASE), 'too_many_events'],
  ])('that is %j says nothing', (body, code) => {
    expect(batch(body)).toMatchObject({ kind: 'not_an_event', issues: [{ code }] })
  })

  it.each([null, 'x', 7, [PURCHASE]])('may hold %j beside good events', (bad) => {
    expect(prepared({ data: [PURCHASE, bad, PURCHASE] }).map(({ kind }) => kind)).toEqual([
      'ready',
      'rejected',
      'ready',
    ])
  })
})

describe('what the events of a request have in common', () => {
  it('is added to each', () => {
    const { event_source_url, user_data, ...own } = PURCHASE
    const [event] = prepared({ common: { event_source_url, user_data }, data: [own] })

    expect(sent(event)).toMatchObject({ event_source_url, user_data: { fbp: user_data.fbp } })
  })

  it("gives way to an event's own fields, key by key in user_data", () => {
    const common = { event_name: 'Lead', user_data: { fbp: 'fb.1.1763999000000.9', external_id: '7' } }

    const [event] = prepared({ common, data: [PURCHASE] })

    expect(sent(event)).toMatchObject({
      event_name: 'Purchase',
      user_data: { fbp: PURCHASE.user_data.fbp, external_id: [expect.any(String)] },
    })
  })

  it('may be the moment of sending', () => {
    const [event] = prepared({
      common: { mirror: { sent_at: NOW_MS - 3_600_000, pixel: 'blocked' } },
      data: [{ ...PURCHASE, event_time: NOW - 3_610 }],
    })

    expect(event).toMatchObject({ kind: 'ready', mirror: { pixel: 'blocked' } })
    expect(sent(event).event_time).toBe(NOW - 10)
  })

  it.each([null, 'x', 7, []])('is nothing when it is %j', (common) => {
    expect(prepared({ common, data: [PURCHASE] })[0]?.kind).toBe('ready')
  })

  it('is not changed by the events', () => {
    const common = { user_data: { fbp: 'fb.1.1763999000000.9' } }

    prepared({ common, data: [PURCHASE, PURCHASE] })

    expect(common).toEqual({ user_data: { fbp: 'fb.1.1763999000000.9' } })
  })
})

describe('a test event code', () => {
  it('of a server leads to a lane of its own', () => {
    const result = batch(
      {
        data: [{ ...PURCHASE, user_data: { em: 'a@example.com', client_user_agent: 'UA' } }],
        test_event_code: 'TEST123',
      },
      fromServer(),
    )

    expect(result).toMatchObject({
      testEventCode: 'TEST123',
      prepared: [{ event: { lane: { pixelId: PIXEL_ID, testEventCode: 'TEST123' } } }],
    })
  })

  it('of a visitor is ignored: the number of lanes is not for strangers', () => {
    const result = batch({ data: [PURCHASE], test_event_code: 'TEST123' })

    expect(result).not.toHaveProperty('testEventCode')
    expect(result).toMatchObject({ prepared: [{ event: { lane: { pixelId: PIXEL_ID } } }] })
  })

  it('that the HTTP layer found is taken', () => {
    expect(batch([PURCHASE], fromServer({ testEventCode: 'TEST9' }))).toMatchObject({ testEventCode: 'TEST9' })
  })

  it.each(['', 'a b', 'x'.repeat(41), 7, {}])('%j is none', (test_event_code) => {
    expect(batch({ data: [PURCHASE], test_event_code }, fromServer())).not.toHaveProperty('testEventCode')
  })
})

describe('the pixel of an event', () => {
  const two = {
    pixels: createPixels([
      { id: '1', allowedOrigins: [] },
      { id: '2', allowedOrigins: [] },
    ]),
  }
  const pixelOf = (pixel_id: unknown, received?: Received, options: Partial<PipelineOptions> = two) => {
    const [one] = prepared({ ...PURCHASE, pixel_id }, received, options)
    return one?.kind === 'ready' ? one.event.lane.pixelId : one?.kind === 'rejected' ? one.issues[0]?.code : one
  }

  it('is the one it names', () => {
    expect(pixelOf('2')).toBe('2')
    expect(pixelOf(2)).toBe('2')
  })

  it('is the only one, if it names none', () => {
    expect(pixelOf(undefined, fromBrowser(), {})).toBe(PIXEL_ID)
  })

  it('is the one that the route names, whatever it says itself', () => {
    expect(pixelOf('2', fromBrowser({ pixelId: '1' }))).toBe('1')
  })

  it.each([
    [undefined, 'pixel_id_missing'],
    ['3', 'unknown_pixel'],
    ['abc', 'pixel_id_invalid'],
    [{}, 'pixel_id_invalid'],
    [2 ** 60, 'pixel_id_invalid'],
  ])('%j is refused as %s', (pixel_id, code) => {
    expect(pixelOf(pixel_id)).toBe(code)
  })

  it('must be one that the page may send for', () => {
    const received = fromBrowser({ pixelIds: new Set(['1']) })

    expect(pixelOf('1', received)).toBe('1')
    expect(pixelOf('2', received)).toBe('origin_not_allowed')
  })
})

describe('events that nobody caused', () => {
  const isBot = (userAgent: string) => userAgent === 'bot'

  it('are left out by name', () => {
    expect(prepared(PURCHASE, fromBrowser({ clientUserAgent: 'bot' }), { isBot })).toEqual([
      { kind: 'dropped', pixelId: PIXEL_ID, reason: 'bot' },
    ])
    expect(prepared(PURCHASE, fromBrowser({ prefetch: true }))).toEqual([
      { kind: 'dropped', pixelId: PIXEL_ID, reason: 'prefetch' },
    ])
  })

  it('are not looked for among what servers send', () => {
    const event = { ...PURCHASE, user_data: { em: 'a@example.com', client_user_agent: 'bot' } }

    expect(prepared(event, fromServer({ prefetch: true }), { isBot })[0]?.kind).toBe('ready')
  })
})

describe("the site's own code", () => {
  it('may change an event, which is then hashed like any other', () => {
    const [event] = prepared(PURCHASE, fromBrowser(), {
      transform: (given) => ({
        ...given,
        user_data: { ...given.user_data, ph: '+16505551212' },
        custom_data: { ...given.custom_data, margin: 5 },
      }),
    })

    expect(sent(event)).toMatchObject({
      user_data: { ph: ['e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176'] },
      custom_data: { margin: 5, value: 19.9 },
    })
  })

  it('is believed like a server', () => {
    const [event] = prepared(PURCHASE, fromBrowser(), {
      transform: (given) => ({ ...given, action_source: 'physical_store', event_time: NOW - 30 * 86_400 }),
    })

    expect(sent(event)).toMatchObject({ action_source: 'physical_store', event_time: NOW - 30 * 86_400 })
  })

  it('is told the pixel and the request', () => {
    const seen: unknown[] = []

    prepared(PURCHASE, fromBrowser(), {
      transform(event, context) {
        seen.push(context.pixelId, context.received.sender, event.event_source_url)
        return event
      },
    })

    expect(seen).toEqual([PIXEL_ID, 'browser', 'https://shop.example/thanks'])
  })

  it.each([undefined, null])('may veto an event by %s', (nothing) => {
    const transform = () => nothing as undefined

    expect(prepared(PURCHASE, fromBrowser(), { transform })).toEqual([
      { kind: 'dropped', pixelId: PIXEL_ID, reason: 'vetoed' },
    ])
  })

  it.each([true, 7, 'x', [], {}])('that returns %j makes an event that is refused', (rubbish) => {
    const transform = () => rubbish as never

    expect(prepared(PURCHASE, fromBrowser(), { transform })[0]?.kind).toBe('rejected')
  })

  it('cannot make an event that Meta would refuse', () => {
    const [event] = prepared(PURCHASE, fromBrowser(), { transform: (given) => ({ ...given, custom_data: {} }) })

    expect(event).toMatchObject({
      kind: 'rejected',
      issues: [{ code: 'purchase_without_value' }, { code: 'purchase_without_currency' }],
    })
  })

  it('that throws keeps the event from being sent, and is told', () => {
    const errors: unknown[] = []
    const failure = new Error('mine')

    const [event] = prepared(PURCHASE, fromBrowser(), {
      transform() {
        throw failure
      },
      onTransformError: (error) => errors.push(error),
    })

    expect(event).toMatchObject({ kind: 'rejected', issues: [{ code: 'transform_failed' }] })
    expect(errors).toEqual([failure])
  })

  it('does not see events that are refused anyway', () => {
    const seen: unknown[] = []

    prepared({ ...PURCHASE, event_name: '' }, fromBrowser(), { transform: (event) => (seen.push(event), event) })

    expect(seen).toEqual([])
  })
})

describe('a finished event', () => {
  it('says what counters and the inspector want to know', () => {
    const [event] = prepared(PURCHASE, fromBrowser({ clientIpAddress: '2001:db8::7' }))

    expect(event).toMatchObject({
      kind: 'ready',
      matchKeys: expect.arrayContaining(['em', 'fbp', 'client_ip_address', 'client_user_agent']) as string[],
      money: { value: 19.9, currency: 'EUR' },
      ipv6: true,
      identity: { fbp: PURCHASE.user_data.fbp },
    })
  })

  it('is one line of JSON', () => {
    const [event] = prepared({ ...PURCHASE, custom_data: { ...PURCHASE.custom_data, note: 'a\nb\u2028c' } })

    expect(event?.kind === 'ready' && event.event.json).not.toMatch(/\n/)
  })

  it('can be read by parsers that are stricter than that of JavaScript', () => {
    const [event] = prepared({ ...PURCHASE, custom_data: { ...PURCHASE.custom_data, note: 'a\ud800b\u0000c' } })

    expect(sent(event)).toMatchObject({ custom_data: { note: 'a\ufffdb\ufffdc' } })
  })

  it('is refused when it is larger than 64 KiB', () => {
    const [event] = prepared({ ...PURCHASE, custom_data: { ...PURCHASE.custom_data, note: 'x'.repeat(66_000) } })

    expect(event).toMatchObject({ kind: 'rejected', issues: [{ code: 'event_too_large' }] })
  })

  it('that is refused says all reasons at once, and whose it was', () => {
    const [event] = prepared({ event_name: 'Purchase', event_id: 'x', data_processing_options: ['?'], custom_data: {} })

    expect(event).toMatchObject({ kind: 'rejected', eventId: 'x', eventName: 'Purchase', pixelId: PIXEL_ID })
    expect(event?.kind === 'rejected' && event.issues.map(({ code }) => code)).toEqual([
      'data_processing_options_unknown',
      'purchase_without_value',
      'purchase_without_currency',
    ])
  })
})
