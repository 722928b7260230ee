import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readFbcCookie, readFbpCookie, writeFbcCookie } from '../../../src/pipeline/enrich/cookie-value.js'
import { clickIdOfPage } from '../../../src/pipeline/enrich/click-id-of-page.js'
import { registrableDomain, subdomainIndex } from '../../../src/pipeline/enrich/registrable-domain.js'
import { renewedCookies } from '../../../src/pipeline/enrich/renewed-cookies.js'
import { fromBrowser, fromServer } from '../fixtures.js'

const FBP = 'fb.1.1763999000000.1111111111'
const FBC = 'fb.1.1763999000000.IwAR_old'

describe('the cookies of Meta', () => {
  it.each([
    ['as they are', FBC, FBC],
    ['percent-encoded', encodeURIComponent(FBC).replaceAll('.', '%2E'), FBC],
    ['with an appendix', `${FBC}.AQYCAQMB`, `${FBC}.AQYCAQMB`],
    ['with dots inside the click id', 'fb.1.1763999000000.Iw__DOT__AR', 'fb.1.1763999000000.Iw.AR'],
  ])('are read %s', (_how, cookie, fbc) => {
    expect(readFbcCookie(cookie)).toBe(fbc)
  })

  it.each([undefined, '', 'x', '%', '%zz', 'fb.1.1.%0d%0aSet-Cookie:x', `fb.1.1.${'x'.repeat(2_000)}`])(
    'are none when they say %j',
    (cookie) => {
      expect(readFbcCookie(cookie)).toBeUndefined()
      expect(readFbpCookie(cookie)).toBeUndefined()
    },
  )

  it.each([
    [FBC, FBC],
    [`${FBC}.AQYCAQMB`, `${FBC}.AQYCAQMB`],
    ['fb.1.1763999000000.Iw.A.R', 'fb.1.1763999000000.Iw__DOT__A__DOT__R'],
    ['fb.1.1763999000000.Iw.AR.AQYCAQMB', 'fb.1.1763999000000.Iw__DOT__AR.AQYCAQMB'],
  ])('%s is written so that it can be read again', (fbc, cookie) => {
    expect(writeFbcCookie(fbc)).toBe(cookie)
    expect(readFbcCookie(cookie)).toBe(fbc)
  })
})

function page(event_source_url: string, referrer_url?: string) {
  return { event_source_url, referrer_url, event_time: 7 }
}

describe('clickIdOfPage()', () => {
  it('looks at the page before when no click is known', () => {
    const visit = page('https://shop.example/two', 'https://shop.example/one?fbclid=before')

    expect(clickIdOfPage(undefined, visit)).toBe('fb.1.7000.before')
    expect(clickIdOfPage(FBC, visit)).toBe(FBC)
  })

  it.each([
    ['?fbclid=AbC-_1', 'AbC-_1'],
    ['?a=b&fbclid=AbC#hash', 'AbC'],
    ['?fbclid=first&fbclid=second', 'first'],
    ['?fbclid=Ab%2DC', 'Ab-C'],
    ['?fbclid=a.b', 'a.b'],
  ])('finds the click in %s', (query, fbclid) => {
    expect(clickIdOfPage(undefined, page(`https://shop.example/${query}`))).toBe(`fb.1.7000.${fbclid}`)
  })

  it.each([
    '',
    '?fbclid=',
    '?xfbclid=a',
    '?fbclid=%0d%0aX',
    '?fbclid=a%20b',
    '?fbclid=%',
    `?fbclid=${'x'.repeat(501)}`,
    '?fbclid=<b>',
  ])('finds none in %s', (query) => {
    expect(clickIdOfPage(FBC, page(`https://shop.example/${query}`))).toBe(FBC)
  })

  it.each([
    ['https://example.com', 1],
    ['https://www.example.com', 1],
    ['https://a.b.example.co.uk', 2],
    ['https://shop.github.io', 2],
    ['http://localhost:3000', 1],
    ['http://192.0.2.1', 1],
  ])('counts the dots of the domain of %s', (origin, index) => {
    expect(clickIdOfPage(undefined, page(`${origin}/?fbclid=a`))).toBe(`fb.${index}.7000.a`)
  })
})

describe('the registrable domain', () => {
  it.each([
    ['www.example.co.uk', 'example.co.uk'],
    ['example.com', 'example.com'],
    ['shop.myshopify.com', 'shop.myshopify.com'],
    ['WWW.Example.COM', 'example.com'],
    ['co.uk', undefined],
    ['localhost', undefined],
    ['192.0.2.1', undefined],
    ['', undefined],
  ])('of %s is %s', (host, domain) => {
    expect(registrableDomain(host)).toBe(domain)
  })

  it('of nothing has the level that Meta prescribes for it', () => {
    expect(subdomainIndex(undefined)).toBe(1)
  })
})

describe('renewedCookies()', () => {
  const secure = true

  it('renews the cookies that came, byte for byte, for 90 days', () => {
    const cookies = renewedCookies(fromBrowser({ fbp: FBP, fbc: FBC }), 'collect.shop.example', { secure })

    expect(cookies).toEqual([
      { name: '_fbp', value: FBP, domain: 'shop.example', maxAgeS: 7_776_000, secure: true },
      { name: '_fbc', value: FBC, domain: 'shop.example', maxAgeS: 7_776_000, secure: true },
    ])
  })

  it('keeps an encoded cookie encoded as long as its meaning is the same', () => {
    const encoded = FBC.replaceAll('.', '%2E')
    const identity = { fbc: FBC }

    const [cookie] = renewedCookies(fromBrowser({ fbc: encoded }), 'shop.example', { secure, identity })

    expect(cookie?.value).toBe(encoded)
  })

  it("writes the events' own ids where they are newer, or no cookie came", () => {
    const identity = { fbp: FBP, fbc: 'fb.1.2.New.click' }

    const cookies = renewedCookies(fromBrowser({ fbc: FBC }), 'shop.example', { secure, identity })

    expect(cookies.map(({ name, value }) => [name, value])).toEqual([
      ['_fbp', FBP],
      ['_fbc', 'fb.1.2.New__DOT__click'],
    ])
  })

  it('writes nothing where there is nothing, or only damage', () => {
    expect(renewedCookies(fromBrowser({ fbp: 'x;y', fbc: '\r\n' }), 'shop.example', { secure })).toEqual([])
  })

  it('writes nothing to servers, and nothing for pages of another site', () => {
    const received = { fbp: FBP, fbc: FBC }

    expect(renewedCookies(fromServer(received), 'shop.example', { secure })).toEqual([])
    expect(
      renewedCookies(fromBrowser({ ...received, origin: 'https://other.example' }), 'shop.example', { secure }),
    ).toEqual([])
    expect(renewedCookies(fromBrowser({ ...received, origin: 'null' }), 'shop.example', { secure })).toEqual([])
  })

  it.each([
    ['collect.shop.example', undefined, 'shop.example'],
    ['collect.shop.co.uk', undefined, 'shop.co.uk'],
    ['a.b.shop.example', 'b.shop.example', 'b.shop.example'],
    ['a.b.shop.example', '.Shop.example', 'shop.example'],
    ['collect.shop.example', 'other.example', 'shop.example'],
    ['shop.example', 'collect.shop.example', 'shop.example'],
    ['localhost', undefined, undefined],
    ['192.0.2.1', undefined, undefined],
  ])('on %s with the setting %s uses the domain %s', (host, cookieDomain, domain) => {
    const received = fromBrowser({ fbp: FBP, origin: `https://${host}` })

    const [cookie] = renewedCookies(received, host, { secure, cookieDomain })

    expect(cookie?.domain).toBe(domain)
  })

  it('never writes a value that could break out of a header', { timeout: 60_000 }, () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string().map((text) => `fb.1.1763999000000.${text}`),
      fc.string().map((text) => `fb.1.1763999000000.a${encodeURIComponent(text)}`),
    )

    fc.assert(
      fc.property(hostile, hostile, (cookie, current) => {
        const received = fromBrowser({ fbp: cookie, fbc: cookie })
        const cookies = renewedCookies(received, 'shop.example', { secure, identity: { fbp: current, fbc: cookie } })

        for (const { value } of cookies) expect(value).toMatch(/^[\w.%-]+$/)
      }),
      { numRuns: 1_000 },
    )
  })
})
