import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { textsOfLines } from '../../src/queue/texts.js'
import { requestBody } from '../../src/relay/request-body.js'
import { Secret } from '../../src/secret.js'

const text = (...args: Parameters<typeof requestBody>) => requestBody(...args).toString()

const EVENTS = [{ json: '{"event_name":"Lead"}' }, { json: '{"event_name":"Purchase"}' }]
const TOKEN = new Secret('EAAB"1')

describe('requestBody()', () => {
  it('joins the finished texts and adds the token', () => {
    const body = text({ pixelId: '1' }, EVENTS, { accessToken: TOKEN })

    expect(JSON.parse(body)).toEqual({
      data: [{ event_name: 'Lead' }, { event_name: 'Purchase' }],
      access_token: 'EAAB"1',
    })
  })

  it("prefers the sender's test code to the pixel's", () => {
    const pixel = { testEventCode: 'TEST1' }

    expect(JSON.parse(text({ pixelId: '1' }, EVENTS, pixel))).toMatchObject({ test_event_code: 'TEST1' })
    expect(JSON.parse(text({ pixelId: '1', testEventCode: 'TEST2' }, EVENTS, pixel))).toMatchObject({
      test_event_code: 'TEST2',
    })
  })

  it('proves that it knows the app secret', () => {
    const body = text({ pixelId: '1' }, EVENTS, { accessToken: TOKEN, appSecret: new Secret('s3cret') })

    expect(JSON.parse(body)).toMatchObject({
      appsecret_proof: createHmac('sha256', 's3cret').update('EAAB"1').digest('hex'),
    })
  })

  it('has no token where there is none', () => {
    expect(text({ pixelId: '1' }, EVENTS.slice(0, 1), {})).toBe('{"data":[{"event_name":"Lead"}]}')
  })

  it('is the same as joining the texts, in whatever alphabet', () => {
    const texts = fc.array(fc.string({ unit: 'grapheme', maxLength: 200 }).map((value) => JSON.stringify({ value })))
    fc.assert(
      fc.property(texts, fc.string({ unit: 'grapheme' }), (jsons, testEventCode) => {
        const body = text(
          { pixelId: '1', testEventCode },
          jsons.map((json) => ({ json })),
          {},
        )

        expect(body).toBe(`{"data":[${jsons.join(',')}],"test_event_code":${JSON.stringify(testEventCode)}}`)
      }),
    )
  })

  it('is the same however the texts lie: as strings, beside each other, or some of them here and there', () => {
    const event = fc.record({ block: fc.integer({ min: 0, max: 2 }), chosen: fc.boolean() })
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), (drawn) => {
        const events = drawn.map(({ block, chosen }, index) => ({ block, chosen, json: `{"event_id":"é${index}"}` }))
        const blocks = [1, 2].map((block) => {
          const lines = ['{}', ...events.filter((each) => each.block === block).map(({ json }) => json)]
          return { lines, texts: textsOfLines([Buffer.from(lines.join('\n'))], lines.length) }
        })
        const sent = events
          .filter(({ chosen }) => chosen)
          .map(({ block, json }) => {
            const home = blocks[block - 1]
            // What lies in a block is read from there, not from the string.
            return home ? { json: '?', place: { texts: home.texts, index: home.lines.indexOf(json) } } : { json }
          })

        const body = text({ pixelId: '1' }, sent, { accessToken: TOKEN })

        const jsons = events.filter(({ chosen }) => chosen).map(({ json }) => json)
        expect(body).toBe(`{"data":[${jsons.join(',')}],"access_token":"EAAB\\"1"}`)
      }),
    )
  })
})
