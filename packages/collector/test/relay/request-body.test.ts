import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { requestBody } from '../../src/relay/request-body.js'
import { Secret } from '../../src/secret.js'

const EVENTS = [{ json: '{"event_name":"Lead"}' }, { json: '{"event_name":"Purchase"}' }]
const TOKEN = new Secret('EAAB"1')

describe('requestBody()', () => {
  it('joins the finished texts and adds the token', () => {
    const text = requestBody({ pixelId: '1' }, EVENTS, { accessToken: TOKEN })

    expect(JSON.parse(text)).toEqual({
      data: [{ event_name: 'Lead' }, { event_name: 'Purchase' }],
      access_token: 'EAAB"1',
    })
  })

  it("prefers the sender's test code to the pixel's", () => {
    const pixel = { testEventCode: 'TEST1' }

    expect(JSON.parse(requestBody({ pixelId: '1' }, EVENTS, pixel))).toMatchObject({ test_event_code: 'TEST1' })
    expect(JSON.parse(requestBody({ pixelId: '1', testEventCode: 'TEST2' }, EVENTS, pixel))).toMatchObject({
      test_event_code: 'TEST2',
    })
  })

  it('proves that it knows the app secret', () => {
    const text = requestBody({ pixelId: '1' }, EVENTS, { accessToken: TOKEN, appSecret: new Secret('s3cret') })

    expect(JSON.parse(text)).toMatchObject({
      appsecret_proof: createHmac('sha256', 's3cret').update('EAAB"1').digest('hex'),
    })
  })

  it('has no token where there is none', () => {
    expect(requestBody({ pixelId: '1' }, EVENTS.slice(0, 1), {})).toBe('{"data":[{"event_name":"Lead"}]}')
  })
})
