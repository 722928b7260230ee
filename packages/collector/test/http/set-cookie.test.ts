import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cookieLine } from '../../src/http/set-cookie.js'
import { serve, SHOP } from './serve.js'

const FBC = { name: '_fbc', value: 'x', domain: undefined, maxAgeS: 7_776_000, secure: false } as const

describe('cookieLine()', () => {
  it('is for the whole site, and can be read by the pixel', () => {
    expect(cookieLine({ ...FBC, value: 'fb.1.2.3', domain: 'shop.example', secure: true })).toBe(
      '_fbc=fb.1.2.3; Max-Age=7776000; Path=/; Domain=shop.example; SameSite=Lax; Secure',
    )
  })

  it('is for this host alone where there is no domain, and not Secure without HTTPS', () => {
    expect(cookieLine({ ...FBC, value: 'fb.1.2.3' })).toBe('_fbc=fb.1.2.3; Max-Age=7776000; Path=/; SameSite=Lax')
  })

  it.each([
    ['fb.1.1.a\r\nSet-Cookie: evil=1', 'fb.1.1.a%0D%0ASet-Cookie:%20evil=1'],
    ['a; Domain=evil.example', 'a%3B%20Domain=evil.example'],
    ['a,b"c\\d e', 'a%2Cb%22c%5Cd%20e'],
    ['é😀', '%C3%A9%F0%9F%98%80'],
    ['\ud800', '%EF%BF%BD'],
    ['fb.1.1.IwAR_aem-x%2E', 'fb.1.1.IwAR_aem-x%2E'],
  ])('writes the value %j as %j', (value, written) => {
    expect(cookieLine({ ...FBC, value })).toMatch(`_fbc=${written}; Max-Age`)
  })

  it('cannot be ended by any value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const [first, ...others] = cookieLine({ ...FBC, value }).split(/[;\r\n,]/)

        expect(first).toMatch(/^_fbc=[\x21-\x7e]*$/)
        expect(others).toEqual([' Max-Age=7776000', ' Path=/', ' SameSite=Lax'])
      }),
    )
  })
})

describe('the visitor’s cookies', () => {
  const post = async (headers: Record<string, string>, settings = {}) => {
    const served = await serve({
      settings: { trustProxy: 1, ...settings },
      pixels: [{ id: '1', allowedOrigins: [SHOP, 'https://partner.example', 'http://127.0.0.1:1'] }],
      ingested: { identity: { fbp: 'fb.1.1764000000000.42' } },
    })
    return (await served.post({}, headers)).headers.getSetCookie()
  }
  const BEHIND_PROXY = { origin: SHOP, 'x-forwarded-host': 'collect.shop.example' }

  it('are for the registrable domain, Secure when the visitor came by HTTPS through a trusted proxy', async () => {
    expect(await post({ ...BEHIND_PROXY, 'x-forwarded-proto': 'https' })).toEqual([
      expect.stringMatching(/Domain=shop\.example; SameSite=Lax; Secure$/),
    ])
    expect(await post({ ...BEHIND_PROXY, 'x-forwarded-proto': 'http' })).toEqual([
      expect.stringMatching(/Domain=shop\.example; SameSite=Lax$/),
    ])
  })

  it('are for COOKIE_DOMAIN where it is set', async () => {
    expect(await post(BEHIND_PROXY, { cookieDomain: 'collect.shop.example' })).toEqual([
      expect.stringContaining('Domain=collect.shop.example'),
    ])
  })

  it('are for the host alone on an address', async () => {
    expect(await post({ origin: 'http://127.0.0.1:1' })).toEqual([expect.not.stringContaining('Domain')])
  })

  it('are not written for pages of another site: there they would be a third party’s', async () => {
    expect(await post({ ...BEHIND_PROXY, origin: 'https://partner.example' })).toEqual([])
  })

  it('are not written for servers', async () => {
    expect(await post({ authorization: 'Bearer an-api-key-for-the-tests' })).toEqual([])
  })
})
