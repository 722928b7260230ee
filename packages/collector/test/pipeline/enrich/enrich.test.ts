import { describe, expect, it } from 'vitest'
import { enrich } from '../../../src/pipeline/enrich/enrich.js'
import { Findings } from '../../../src/pipeline/findings.js'
import type { PipelineOptions } from '../../../src/pipeline/pipeline-options.js'
import type { Received } from '../../../src/pipeline/received.js'
import type { Draft } from '../../../src/pipeline/draft.js'
import { draft, fromBrowser, fromServer, NOW, NOW_MS, pipelineOptions, USER_AGENT } from '../fixtures.js'

const FBP = 'fb.1.1763999000000.1111111111'
const FBC = 'fb.1.1763999000000.IwAR_old'

function enriched(over: Partial<Draft>, received: Received = fromBrowser(), options: Partial<PipelineOptions> = {}) {
  const event = draft({ event_id: 'e', event_source_url: 'https://shop.example/', ...over })
  const findings = new Findings()
  enrich(event, received, pipelineOptions(options), findings)
  return { event, user: event.user_data, repairs: findings.repairs.map(({ code }) => code) }
}

describe("a browser's event", () => {
  it('gets the address and user agent of its request', () => {
    expect(enriched({}).user).toMatchObject({ client_ip_address: '203.0.113.9', client_user_agent: USER_AGENT })
  })

  it("cannot set another visitor's", () => {
    const user_data = { client_ip_address: '198.51.100.1', client_user_agent: 'forged' }

    const { user, repairs } = enriched({ user_data })

    expect(user).toMatchObject({ client_ip_address: '203.0.113.9', client_user_agent: USER_AGENT })
    expect(repairs).toEqual(['client_ip_address_overridden', 'client_user_agent_overridden'])
  })

  it('has none rather than the one it claims, when ours is not known', () => {
    const { user } = enriched(
      { user_data: { client_ip_address: '198.51.100.1' } },
      { ...fromServer(), sender: 'browser' },
    )

    expect(user.client_ip_address).toBeUndefined()
  })

  it('keeps its own ids', () => {
    const { user } = enriched({ user_data: { fbp: FBP, fbc: FBC } }, fromBrowser({ fbp: 'fb.1.2.3', fbc: 'fb.1.2.x' }))

    expect(user).toMatchObject({ fbp: FBP, fbc: FBC })
  })

  it('takes the ids of the cookies where it has none, or damaged ones', () => {
    const cookies = fromBrowser({ fbp: FBP, fbc: FBC })

    expect(enriched({}, cookies).user).toMatchObject({ fbp: FBP, fbc: FBC })
    expect(enriched({ user_data: { fbp: 'x', fbc: 'y' } }, cookies).user).toMatchObject({ fbp: FBP, fbc: FBC })
  })

  it('makes the click id from the address of the page', () => {
    const { user } = enriched({ event_source_url: 'https://www.shop.example/?a=1&fbclid=IwAR_New-1' })

    expect(user.fbc).toBe(`fb.1.${NOW_MS}.IwAR_New-1`)
  })

  it('lets the newest click win', () => {
    const { user } = enriched({ event_source_url: 'https://shop.example/?fbclid=IwAR_New' }, fromBrowser({ fbc: FBC }))

    expect(user.fbc).toBe(`fb.1.${NOW_MS}.IwAR_New`)
  })

  it('keeps the time of a click that is known already', () => {
    const { user } = enriched({ event_source_url: 'https://shop.example/?fbclid=IwAR_old' }, fromBrowser({ fbc: FBC }))

    expect(user.fbc).toBe(FBC)
  })

  it('is of the page that the request came from, if it names none', () => {
    const named = enriched({ event_source_url: undefined }, fromBrowser({ referer: 'https://shop.example/page' }))
    const unnamed = enriched({ event_source_url: undefined })

    expect(named.event.event_source_url).toBe('https://shop.example/page')
    expect(unnamed.event.event_source_url).toBe('https://shop.example')
    expect(named.repairs).toEqual(['event_source_url_missing'])
  })

  it('gets no browser id, unless that is wanted', () => {
    expect(enriched({}).user.fbp).toBeUndefined()
  })

  it('gets a browser id of the level of its domain, where that is wanted', () => {
    const wanted = { mintBrowserId: true, random: () => 0.5 }

    const { user } = enriched({ event_source_url: 'https://www.shop.co.uk/' }, fromBrowser(), wanted)

    expect(user.fbp).toBe(`fb.2.${NOW_MS}.1073741823`)
  })

  it('does not change the body of the request', () => {
    const user_data = Object.freeze({ fbp: 'x' })

    expect(() => enriched({ user_data })).not.toThrow()
  })
})

describe("a server's event", () => {
  it('keeps what it says about the visitor, and gets nothing of the server', () => {
    const user_data = { client_ip_address: '198.51.100.1', client_user_agent: 'Visitor/1.0' }

    expect(enriched({ user_data }, fromServer({ clientIpAddress: '203.0.113.1', clientUserAgent: 'curl' })).user).toBe(
      user_data,
    )
  })

  it('gets the click id of the page that it names', () => {
    const { user } = enriched({ event_source_url: 'https://shop.example/?fbclid=IwAR' }, fromServer())

    expect(user.fbc).toBe(`fb.1.${NOW * 1000}.IwAR`)
  })
})

describe('an event without an id', () => {
  it('gets one, so that a repeated attempt is not counted twice', () => {
    const { event, repairs } = enriched({ event_id: undefined }, fromServer())

    expect(event.event_id).toBe('made-up')
    expect(repairs).toContain('event_id_missing')
  })

  it.each([{ fbp: FBP }, { external_id: '1' }])(
    'keeps none where its twin in the browser is found by %j',
    (user_data) => {
      expect(enriched({ event_id: undefined, user_data }).event.event_id).toBeUndefined()
    },
  )
})
