import { describe, expect, it } from 'vitest'
import type { Draft } from '../../src/pipeline/draft.js'
import { Findings } from '../../src/pipeline/findings.js'
import { deadlineMs, meetsMeta } from '../../src/pipeline/requirements.js'
import { draft, fromServer, NOW, NOW_MS } from './fixtures.js'

const ENOUGH = { em: ['x'], client_user_agent: 'UA' }
const EXTINFO = Array.from({ length: 16 }, (_, index) => (index === 0 ? 'i2' : index === 4 ? '18.1' : ''))
const DAY = 86_400

function missing(over: Partial<Draft>) {
  const findings = new Findings()
  meetsMeta(draft({ event_source_url: 'https://shop.example/', user_data: ENOUGH, ...over }), fromServer(), findings)
  return findings.issues.map(({ code, path }) => `${code} ${path}`)
}

describe('what Meta demands', () => {
  it('of any event is met by a good one', () => {
    expect(missing({})).toEqual([])
  })

  it.each([
    [{ value: 1, currency: 'EUR' }, []],
    [{ value: 0, currency: 'EUR' }, []],
    [{ value: 1 }, ['purchase_without_currency custom_data.currency']],
    [{ currency: 'EUR' }, ['purchase_without_value custom_data.value']],
    [undefined, ['purchase_without_value custom_data.value', 'purchase_without_currency custom_data.currency']],
  ])('of a Purchase with %j', (custom_data, issues) => {
    expect(missing({ event_name: 'Purchase', custom_data })).toEqual(issues)
  })

  it('of a Purchase is not demanded of other events', () => {
    expect(missing({ event_name: 'AddToCart', custom_data: { value: 1 } })).toEqual([])
  })

  it.each([
    [{ event_source_url: undefined }, 'website_without_event_source_url event_source_url'],
    [{ user_data: { em: ['x'] } }, 'website_without_user_agent user_data.client_user_agent'],
  ])('of a website: %j', (over, issue) => {
    expect(missing(over)).toEqual([issue])
    expect(missing({ ...over, action_source: 'email' })).toEqual([])
  })

  it.each([
    [undefined, false],
    [{ advertiser_tracking_enabled: 1, extinfo: ['a2'] }, false],
    [{ extinfo: EXTINFO }, false],
    [{ advertiser_tracking_enabled: 'yes', extinfo: EXTINFO }, false],
    [{ advertiser_tracking_enabled: 1, extinfo: EXTINFO.map(() => '') }, false],
    [{ advertiser_tracking_enabled: 0, extinfo: EXTINFO }, true],
  ])('of an app with %j', (app_data, good) => {
    const issues = missing({ action_source: 'app', app_data: app_data as Draft['app_data'] })

    expect(issues).toEqual(good ? [] : ['app_without_app_data app_data'])
  })

  it('of a message: the channel and the account', () => {
    const over = { action_source: 'business_messaging' } as const

    expect(missing(over)).toEqual([
      'messaging_without_channel messaging_channel',
      'messaging_without_account user_data',
    ])
    expect(missing({ ...over, messaging_channel: 'whatsapp', user_data: { page_id: '1' } })).toEqual([])
  })
})

describe('the least that user_data must hold', () => {
  it.each([
    ['nothing', []],
    ['a user agent alone', ['client_user_agent']],
    ['an address that many share', ['ct', 'country', 'st', 'zp', 'ge', 'client_user_agent']],
    ['some of it', ['ct', 'zp']],
    ['a date of birth', ['db', 'client_user_agent']],
    ['a first name and the gender', ['fn', 'ge']],
    ['a last name and the gender', ['ln', 'ge']],
    ['a gender', ['ge']],
  ])('is more than %s', (_what, keys) => {
    const user_data = Object.fromEntries(keys.map((key) => [key, 'x']))

    expect(missing({ action_source: 'other', user_data })).toEqual(['not_enough_user_data user_data'])
  })

  it.each([
    ['client_ip_address', 'client_user_agent'],
    ['em'],
    ['ph'],
    ['fbp'],
    ['fbc'],
    ['external_id'],
    ['lead_id'],
    ['madid'],
    ['fn', 'ln'],
    ['db', 'ct'],
    ['fn', 'client_user_agent'],
    ['ct', 'zp', 'db'],
  ])('is met by %s %s %s', (...keys) => {
    const user_data = Object.fromEntries(keys.map((key) => [key, 'x']))

    expect(missing({ action_source: 'other', user_data })).toEqual([])
  })
})

describe('the age of an event', () => {
  it.each([
    ['website', 7],
    ['other', 7],
    ['physical_store', 62],
  ] as const)('of %s ends ten minutes before %d days', (action_source, days) => {
    const limit = NOW - days * DAY

    expect(missing({ action_source, event_time: limit + 601 })).toEqual([])
    expect(missing({ action_source, event_time: limit + 600 })).toEqual(['event_time_too_old event_time'])
  })

  it('is the deadline that the queue knows', () => {
    expect(deadlineMs({ action_source: 'website', event_time: NOW })).toBe(NOW_MS + 7 * DAY * 1000 - 600_000)
  })
})
