import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { matchCookieLine, readMatchCookies } from '../../src/http/match-cookie.js'
import { MATCH_KEYS, type MatchData } from '../../src/pipeline/match-memory.js'
import { sha256 } from '../../src/sha256.js'
import { API_KEY, purchase, queued, runCollector, SHOP, BROWSER, PIXEL_ID } from '../running-collector.js'

const JANE: MatchData = { em: sha256('jane'), external_id: sha256('1') }
/** The part that a browser sends back. */
const kept = (line: string) => line.split(';')[0]!

describe('the cookie of what a visitor has said', () => {
  it('holds hashes, is for this host alone, and no script reads it', () => {
    const em = Buffer.from(JANE.em!, 'hex').toString('base64url')

    expect(matchCookieLine('1', { em: JANE.em! }, 30, true)).toBe(
      `__Host-pixel_mirror_match_1=1.em.${em}; Max-Age=2592000; Path=/; HttpOnly; SameSite=Lax; Secure`,
    )
    expect(matchCookieLine('1', {}, 30, false)).toBe('pixel_mirror_match_1=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax')
  })

  it('says to the next request what was written, pixel by pixel, and stays small', () => {
    const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex'))
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...MATCH_KEYS), hash), fc.boolean(), (data, secure) => {
        const line = kept(matchCookieLine('42', data, 1, secure))

        expect(line).toMatch(/^[\w.=-]{0,600}$/)
        expect(readMatchCookies(`a=b; ${line}; ${kept(matchCookieLine('7', JANE, 1, secure))}`, secure)).toEqual(
          new Map([
            ['42', data],
            ['7', JANE],
          ]),
        )
      }),
    )
  })

  it.each([
    '2.em.AAAA',
    '1.em.AAAA',
    '1.em',
    '1.em.',
    `1.__proto__.${'A'.repeat(43)}`,
    `1.fbp.${'A'.repeat(43)}`,
    `1.em.${'A'.repeat(42)}B`,
    `1.ph.${'A'.repeat(43)}.em.${'A'.repeat(43)}`,
    `1.em.${'A'.repeat(43)}.em.${'A'.repeat(43)}`,
    `1.em.${'A'.repeat(43)}.x`,
    '%00',
  ])('says nothing where it is damaged or made up: %s', (value) => {
    expect(readMatchCookies(`pixel_mirror_match_1=${value}`, false)).toEqual(new Map([['1', {}]]))
  })

  it('of another host, which has no prefix, is not read by HTTPS', () => {
    expect(readMatchCookies(kept(matchCookieLine('1', JANE, 1, false)), true)).toEqual(new Map())
  })

  it('never throws, whatever is sent', () => {
    fc.assert(fc.property(fc.string(), (text) => void readMatchCookies(`pixel_mirror_match_1=${text}`, false)))
  })
})

describe('a collector that remembers', () => {
  const HEADERS = {
    origin: SHOP,
    'user-agent': BROWSER,
    'x-forwarded-host': 'www.shop.example',
    'x-forwarded-for': '203.0.113.7',
  }
  const em = sha256('jane@example.com')

  async function start(env: Record<string, string> = {}) {
    const collector = await runCollector({
      env: { REMEMBER_MATCH_DATA_DAYS: '30', TRUST_PROXY: '1', ...env },
    })
    const send = async (user_data: object, headers: Record<string, string> = {}, fields: object = {}) => {
      const response = await fetch(`${collector.url}/events`, {
        method: 'POST',
        headers: { ...HEADERS, ...headers },
        body: JSON.stringify(purchase({ event_id: String(Math.random()), user_data, ...fields })),
      })
      expect(response.status).toBe(200)
      return response.headers.getSetCookie().filter((line) => line.includes('match'))
    }
    const carried = async () =>
      (await queued(collector.queue)).map(({ user_data }) => (user_data as { em?: string[] }).em?.join())
    return { ...collector, send, carried }
  }

  it('completes later events of the same browser, and tells nobody else', async () => {
    const { send, carried, logged } = await start()

    const [line] = await send({ em: ' Jane@Example.com ' })
    const cookie = kept(line!)
    const renewed = await send({}, { cookie })
    await send({})

    expect(line).toMatch(
      /^pixel_mirror_match_1234567890=1\.em\.[\w-]{43}; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Lax$/,
    )
    expect(renewed).toEqual([])
    expect(await carried()).toEqual([em, em, undefined])
    expect(logged.join()).not.toMatch(/jane/i)
  })

  it('exchanges all of it for another visitor’s', async () => {
    const { send, carried } = await start()
    const cookie = kept((await send({ em: 'jane@example.com', external_id: '4711' }))[0]!)

    const [line] = await send({ em: 'john@example.com' }, { cookie })

    expect(line).toContain(Buffer.from(sha256('john@example.com'), 'hex').toString('base64url'))
    expect(line).not.toContain('external_id')
    expect(await carried()).toEqual([em, sha256('john@example.com')])
  })

  it('uses none of it for servers, and forgets it where the use of data is limited', async () => {
    const { send, carried } = await start()
    const cookie = kept((await send({ em: 'jane@example.com' }))[0]!)

    const server = await send(
      { external_id: '1', client_user_agent: BROWSER },
      { cookie, authorization: `Bearer ${API_KEY}` },
    )
    const limited = await send({}, { cookie }, { data_processing_options: ['LDU'] })

    expect(server).toEqual([])
    expect(limited).toEqual([expect.stringContaining('pixel_mirror_match_1234567890=; Max-Age=0')])
    expect(await carried()).toEqual([em, undefined, undefined])
  })

  it('forgets it when the page asks for that, as for a logout', async () => {
    const { url, send } = await start()
    const cookie = `${kept((await send({ em: 'jane@example.com' }))[0]!)}; other=1`

    const answer = await fetch(`${url}/events`, { method: 'DELETE', headers: { ...HEADERS, cookie } })
    const stranger = await fetch(`${url}/events`, {
      method: 'DELETE',
      headers: { origin: 'https://evil.example', cookie },
    })

    expect(answer.status).toBe(204)
    expect(answer.headers.get('access-control-allow-origin')).toBe(SHOP)
    expect(answer.headers.getSetCookie()).toEqual([expect.stringMatching(/^pixel_mirror_match_1234567890=; Max-Age=0/)])
    expect(stranger.status).toBe(403)
    expect(stranger.headers.getSetCookie()).toEqual([])
  })

  it('remembers nothing for a page of another site, and nothing at all by default', async () => {
    const elsewhere = await start({ ALLOWED_ORIGINS: `${SHOP},https://partner.example` })
    const byDefault = await start({ REMEMBER_MATCH_DATA_DAYS: '0' })
    const cookie = kept(matchCookieLine(PIXEL_ID, { em }, 1, false))

    expect(await elsewhere.send({ em: 'jane@example.com' }, { origin: 'https://partner.example' })).toEqual([])
    expect(await byDefault.send({ em: 'jane@example.com' })).toEqual([])
    await byDefault.send({}, { cookie })
    expect(await byDefault.carried()).toEqual([em, undefined])
  })
})
