import { describe, expect, it } from 'vitest'
import { serve, SHOP } from './serve.js'

const corsHeaders = ({ headers }: Response) =>
  Object.fromEntries([...headers].filter(([name]) => name.startsWith('access-control-') || name === 'vary'))

describe('an allowed page', () => {
  it('may read the answer, with cookies', async () => {
    const { post } = await serve()

    expect(corsHeaders(await post({}))).toEqual({
      'access-control-allow-origin': SHOP,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'Retry-After',
      vary: 'Origin',
    })
  })

  it('may ask before', async () => {
    const { url } = await serve()

    const answer = await fetch(`${url}/events`, {
      method: 'OPTIONS',
      headers: {
        origin: SHOP,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      },
    })

    expect(answer.status).toBe(204)
    expect(answer.headers.has('content-length')).toBe(false)
    expect(corsHeaders(answer)).toMatchObject({
      'access-control-allow-origin': SHOP,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'POST, DELETE',
      'access-control-allow-headers': 'Content-Type',
      'access-control-max-age': '7200',
    })
  })
})

describe('a page that hides its origin', () => {
  it('is let in when the browser says that it is of this site, and needs no header to read', async () => {
    const { post } = await serve({ pixels: [{ id: '1', allowedOrigins: [] }] })

    const answer = await post({}, { origin: 'null', 'sec-fetch-site': 'same-site' })

    expect(answer.status).toBe(200)
    expect(corsHeaders(answer)).toEqual({ vary: 'Origin' })
  })
})

describe('a stranger’s page', () => {
  it.each(['https://evil.example', 'null', '*', `${SHOP},https://evil.example`])(
    'gets no header at all: %s',
    async (origin) => {
      const { url, post } = await serve()

      const asked = await fetch(`${url}/events`, { method: 'OPTIONS', headers: { origin } })
      const sent = await post({}, { origin })

      expect(asked.status).toBe(403)
      expect(corsHeaders(asked)).toEqual({ vary: 'Origin' })
      expect(sent.status).toBe(403)
      expect(corsHeaders(sent)).toEqual({ vary: 'Origin' })
    },
  )
})
