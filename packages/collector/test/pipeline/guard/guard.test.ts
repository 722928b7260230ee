import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Draft } from '../../../src/pipeline/draft.js'
import { Findings } from '../../../src/pipeline/findings.js'
import { guard } from '../../../src/pipeline/guard/guard.js'
import { guardUrl } from '../../../src/pipeline/guard/guard-url.js'
import { findPersonal } from '../../../src/pipeline/guard/personal-text.js'
import { sha256 } from '../../../src/sha256.js'
import { draft, USER_AGENT } from '../fixtures.js'

function guarded(over: Partial<Draft>) {
  const event = draft(over)
  const findings = new Findings()
  guard(event, findings)
  return { event, findings, repairs: findings.repairs.map(({ code, path }) => `${code} ${path}`) }
}

describe('findPersonal()', () => {
  it.each([
    'mary@example.com',
    ' MARY@EXAMPLE.COM ',
    'mary.jane+tag@mail.example.co.uk',
    'mary%40example.com',
    'mary%2540example.com',
    'jörg@müller.example',
    'mary＠example.com',
    "o'neil@example.com",
    'mary@xn--mller-kva.example',
    '+49 151 23456789',
    '+1 (650) 555-1212',
    '+4915123456789',
    '%2B4915123456789',
    '%2B49%20151%2023456789',
    'tel:030-1234567',
    'tel:+49301234567',
    '(650) 555-1212',
    '(030) 123456',
  ])('%j is personal and nothing else', (text) => {
    expect(findPersonal(text)).toEqual({ kind: 'whole' })
  })

  it.each([
    ['Gift for mary@example.com!', 'Gift for removed!'],
    ['a@example.com, b@example.com', 'removed, removed'],
    ['Call +49 151 23456789 now', 'Call removed now'],
    ['Contact: (650) 555-1212', 'Contact: removed'],
    ['{"email":"mary@example.com"}', '{"email":"removed"}'],
    ['mailto:mary@example.com', 'mailto:removed'],
    ['<mary@example.com>', '<removed>'],
  ])('of %j stays %j', (text, rest) => {
    expect(findPersonal(text)).toEqual({ kind: 'parts', text: rest })
  })

  it.each([
    '',
    'Purchase',
    'SKU-1234',
    'ORD-2026-000123',
    '123-1234567-1234567',
    '4006381333931',
    '0012345678905',
    '978-3-16-148410-0',
    '19.99',
    '1.234,56 €',
    '+19.99',
    '+1000',
    'UTC+01:00',
    'Tue Nov 24 2026 12:00:00 GMT+0100 (CET)',
    '2026-11-24T12:00:00+01:00',
    'IwAR2Fr1b0_aem_AbCdEfGh1234567890',
    'fb.1.1763999000000.1234567890',
    '@handle',
    'npm i @scope/package',
    'user@localhost',
    '2 @ 19.90',
    '5@3.50',
    'C++ 12345678',
    '1+12345678901',
    'size (38) 40-42',
    'Model (2026)',
    '6505551212',
    '650-555-1212',
    '491512345678',
    'a+b+c',
    'T-Shirt (100) 5',
    USER_AGENT,
    'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36',
  ])('finds nothing in %j', (text) => {
    expect(findPersonal(text)).toEqual({ kind: 'clean' })
  })

  it('takes time in proportion to the length of a text', { timeout: 60_000 }, () => {
    // Quadratic work on this would take minutes, and the test would run out of time.
    for (const piece of ['@', 'a@', 'a.', '+1', '(123) ', '%40', 'a@a.', '+1 1 1 ', '%25']) {
      findPersonal(piece.repeat(200_000 / piece.length))
    }
  })

  it('never throws, and leaves nothing that it would find again', { timeout: 60_000 }, () => {
    const parts = fc.array(
      fc.oneof(
        fc.string({ unit: 'binary', maxLength: 10 }),
        fc.constantFrom('@', '+49 151 23456789', '.com', 'a@b.de', '%40', ' ', '(', ')'),
      ),
    )

    fc.assert(
      fc.property(parts, (pieces) => {
        const found = findPersonal(pieces.join(''))
        if (found.kind === 'parts') expect(findPersonal(found.text).kind).toBe('clean')
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('guardUrl()', () => {
  it.each([
    ['https://shop.example/?email=mary%40example.com&a=1', 'https://shop.example/?a=1'],
    ['https://shop.example/?a=1&email=x', 'https://shop.example/?a=1'],
    ['https://shop.example/?Customer_Email=x&b=2#top', 'https://shop.example/?b=2#top'],
    ['https://shop.example/?ref=mary@example.com', 'https://shop.example/'],
    ['https://shop.example/?phone=0151123456&a=1', 'https://shop.example/?a=1'],
    ['https://shop.example/?q=%2B49%20151%2023456789', 'https://shop.example/'],
    ['https://shop.example/reset?token=abc&lang=de', 'https://shop.example/reset?lang=de'],
    ['https://shop.example/login?password=x', 'https://shop.example/login'],
    ['https://shop.example/?first_name=Mary&last%5Fname=Smith', 'https://shop.example/'],
    ['https://shop.example/u/mary@example.com/orders', 'https://shop.example/u/removed/orders'],
    ['https://shop.example/u/mary%40example.com', 'https://shop.example/u/removed'],
    ['https://mary:secret@shop.example/', 'https://shop.example/'],
    ['https://mary@shop.example/a', 'https://shop.example/a'],
    ['https://shop.example/#access_token=abc&state=1', 'https://shop.example/#state=1'],
    ['https://shop.example/#/account?email=x&tab=2', 'https://shop.example/#/account?tab=2'],
    ['https://shop.example/#mary@example.com', 'https://shop.example/#removed'],
    ['https://shop.example/?mary@example.com', 'https://shop.example/'],
    ['android-app://com.mail/mary@example.com', 'android-app://com.mail/removed'],
  ])('%s becomes %s', (url, rest) => {
    expect(guardUrl(url)).toBe(rest)
  })

  it.each([
    'https://shop.example/',
    'https://shop.example',
    'https://shop.example?',
    'https://shop.example/?',
    'https://shop.example/#',
    'https://shop.example/?fbclid=IwAR2Fr1b0_aem_AbCdEfGh-1234567890&utm_source=fb',
    'https://shop.example/?gclid=Cj0KCQiA&order=ORD-1001&total=19.99&ean=4006381333931',
    'https://shop.example/?q=red+shoes+12345678',
    'https://shop.example/phone-cases/?category=phone&phone=Pixel+9',
    'https://shop.example/?mail_type=welcome&email=',
    'https://shop.example/@brand/item',
    'https://shop.example/?a=1&&b=%20&c',
    'https://shop.example/?d=2026-11-24T12:00:00%2B01:00',
    'https://shop.example/?passenger=2&token_count=',
    'https://shop.example/#section-2',
    'https://shop.example/a?b=c#d=e&f',
  ])('%s stays byte for byte', (url) => {
    expect(guardUrl(url)).toBe(url)
  })

  it('never throws, and changes nothing in its own result', { timeout: 60_000 }, () => {
    const anyUrl = fc.oneof(
      fc.webUrl({ withQueryParameters: true, withFragments: true }),
      fc.string({ unit: 'binary' }),
    )

    fc.assert(
      fc.property(
        anyUrl,
        fc.emailAddress(),
        fc.constantFrom('/', '?a=', '#', '?email=', '?a=b&c='),
        (url, email, place) => {
          const once = guardUrl(url + place + email)

          expect(guardUrl(once)).toBe(once)
        },
      ),
      { numRuns: 1_000 },
    )
  })
})

describe('custom data', () => {
  it.each([
    ['a property that is personal by its name', { email: 'x', a: 1 }, { a: 1 }],
    ['in any writing', { 'Customer-E-Mail': 'x', billingPhone: '0151 123456', a: 1 }, { a: 1 }],
    ['a property that is an address', { note: 'mary@example.com', a: 1 }, { a: 1 }],
    ['an address as a key', { 'mary@example.com': 1, a: 1 }, { a: 1 }],
    ['addresses among other words', { content_name: 'For mary@example.com' }, { content_name: 'For removed' }],
    ['deep inside', { a: { b: [{ c: 'mary@example.com' }, 1] } }, { a: { b: [{}, 1] } }],
    ['in lists', { content_ids: ['a', 'mary@example.com'] }, { content_ids: ['a'] }],
    [
      'in products',
      { contents: [{ id: 'a', quantity: 1, title: 'mary@example.com' }] },
      { contents: [{ id: 'a', quantity: 1 }] },
    ],
    ['in addresses of pages', { link: 'https://x.example/?email=a&b=1' }, { link: 'https://x.example/?b=1' }],
    ['numbers as telephone numbers', { phone: 491512345678 }, {}],
    ['objects under a personal name', { password: { a: 1 } }, {}],
    ['lists under a personal name', { emails: [], customer_email: ['x'] }, { emails: [] }],
  ])('loses %s', (_what, custom_data, rest) => {
    const { event, repairs } = guarded({ custom_data })

    expect(event.custom_data).toEqual(rest)
    expect(new Set(repairs)).toEqual(new Set(['personal_data_removed custom_data']))
  })

  it.each([
    { value: 19.99, currency: 'EUR', order_id: 'ORD-1001', content_ids: ['4006381333931', 'SKU-1', 12345678] },
    { content_name: 'Phone case (2026)', content_category: 'phone', search_string: 'red shoes 38-40' },
    { email: true, has_phone: false, email_type: 'welcome', phone: 'Pixel 9', phone_clicks: 1234567 },
    { city: 'Paris', country: 'FR', postal_code: '75001', checkin_date: '2026-12-24' },
    { nested: { deep: [1, 'two', { three: null }] } },
  ])('%j stays the same object', (custom_data) => {
    const { event, repairs } = guarded({ custom_data })

    expect(event.custom_data).toBe(custom_data)
    expect(repairs).toEqual([])
  })

  it('keeps the form that Meta wants', () => {
    const custom_data = {
      contents: [
        { id: 'mary@example.com', quantity: 1 },
        { id: 'b', quantity: 1 },
      ],
      content_ids: ['mary@example.com'],
    }

    expect(guarded({ custom_data }).event.custom_data).toEqual({ contents: [{ id: 'b', quantity: 1 }] })
  })

  it('is not changed in the body of the request', () => {
    const custom_data = { email: 'mary@example.com', list: ['mary@example.com'] }

    guarded({ custom_data })

    expect(custom_data).toEqual({ email: 'mary@example.com', list: ['mary@example.com'] })
  })
})

describe('the other fields', () => {
  it('an id with an address in it is hashed, so that it stays distinct', () => {
    const { event, repairs } = guarded({ event_id: 'lead-mary@example.com' })

    expect(event.event_id).toBe(sha256('lead-mary@example.com'))
    expect(repairs).toEqual(['event_id_hashed event_id'])
  })

  it('a name with an address in it is refused', () => {
    const { event, findings } = guarded({ event_name: 'Signup mary@example.com' })

    expect(event.event_name).toBe('')
    expect(findings.issues).toMatchObject([{ code: 'event_name_personal', path: 'event_name' }])
  })

  it('addresses of pages are cleaned', () => {
    const { event, repairs } = guarded({
      event_source_url: 'https://shop.example/?email=a',
      referrer_url: 'https://shop.example/?phone=0151123456',
    })

    expect([event.event_source_url, event.referrer_url]).toEqual(['https://shop.example/', 'https://shop.example/'])
    expect(repairs).toEqual(['personal_data_removed event_source_url', 'personal_data_removed referrer_url'])
  })

  it('a user agent loses addresses, and stays otherwise', () => {
    const of = (client_user_agent: string) => guarded({ user_data: { client_user_agent } }).event.user_data

    expect(of('App/1.0 (mary@example.com)')).toEqual({ client_user_agent: 'App/1.0 (removed)' })
    expect(of(USER_AGENT)).toEqual({ client_user_agent: USER_AGENT })
  })

  it.each(['original_event_data', 'app_data', 'attribution_data'] as const)('%s is cleaned', (field) => {
    const { event } = guarded({ [field]: { a: 'mary@example.com', b: 1 } })

    expect(event[field]).toEqual({ b: 1 })
  })
})
