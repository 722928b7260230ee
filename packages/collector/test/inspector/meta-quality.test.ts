import { describe, expect, it } from 'vitest'
import { createMetaQuality } from '../../src/inspector/meta-quality.js'
import { Secret } from '../../src/secret.js'

const PIXEL = {
  id: '1234567890',
  allowedOrigins: [],
  accessToken: new Secret('token-123'),
  appSecret: new Secret('app-secret'),
}

/** As Meta's page shows it. @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/dataset-quality-api */
const ANSWER = {
  web: [
    {
      event_name: 'Purchase',
      event_match_quality: {
        composite_score: 6.2,
        match_key_feedback: [{ identifier: 'user_agent', coverage: { percentage: 100 } }],
        diagnostics: [{ name: 'IPv6', description: 'Send IPv6.', solution: 'Enable IPv6.', percentage: 40 }],
      },
      event_coverage: { percentage: 81.5, goal_percentage: 75, description: '…' },
      data_freshness: { upload_frequency: 'real_time' },
    },
  ],
}

function asking(...answers: (Response | Error)[]) {
  const requests: { url: URL; authorization: string | null }[] = []
  let nowMs = 1_000_000
  const ask = createMetaQuality(
    {
      url: 'https://graph.example',
      apiVersion: 'v26.0',
      fetch: (url, init) => {
        requests.push({ url: url as URL, authorization: new Headers(init?.headers).get('authorization') })
        const answer = answers.shift() ?? new Error('nothing more')
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
      },
    },
    () => nowMs,
  )
  return { ask, requests, later: (ms: number) => (nowMs += ms) }
}

const refusal = (code: number, status = 400) => Response.json({ error: { code, message: 'no' } }, { status })

describe('Meta’s own view', () => {
  it('is asked for one dataset, with the token out of the address', async () => {
    const { ask, requests } = asking(Response.json(ANSWER))

    const quality = await ask(PIXEL)

    expect(quality).toEqual({
      kind: 'known',
      atMs: 1_000_000,
      names: [
        {
          eventName: 'Purchase',
          score: 6.2,
          coveragePercent: 81.5,
          coverageGoalPercent: 75,
          freshness: 'real_time',
          advice: ['Enable IPv6.'],
        },
      ],
    })
    expect(requests[0]?.url.pathname).toBe('/v26.0/dataset_quality')
    expect(requests[0]?.url.searchParams.get('dataset_id')).toBe(PIXEL.id)
    expect(requests[0]?.url.searchParams.get('appsecret_proof')).toMatch(/^[0-9a-f]{64}$/)
    expect(requests[0]?.url.href).not.toMatch(/token-123|app-secret/)
    expect(requests[0]?.authorization).toBe('Bearer token-123')
  })

  it.each([
    ['the token lacks permission', refusal(200, 403), 'ads_read'],
    ['the token lacks permission, by another code', refusal(10), 'ads_read'],
    ['the token is invalid', refusal(190), 'not valid'],
    ['Meta says something else', refusal(100), 'Meta answered 400, code 100.'],
    ['the answer is no JSON', new Response('<html>'), 'Meta did not answer'],
    ['Meta cannot be reached', new Error('offline'), 'Meta did not answer'],
  ])('is missing with a reason when %s', async (_, answer, words) => {
    const { ask } = asking(answer)

    const quality = await ask(PIXEL)

    expect(quality).toMatchObject({ kind: 'unavailable', reason: expect.stringContaining(words) as string })
  })

  it('is not asked for without a token', async () => {
    const { ask, requests } = asking()

    expect(await ask({ id: '1', allowedOrigins: [] })).toMatchObject({ kind: 'unavailable' })
    expect(requests).toEqual([])
  })

  it.each([[{}], [{ web: 'x' }], [{ web: [null, { event_name: 5 }] }], [[]]])(
    'reads nothing out of %j',
    async (body) => {
      const { ask } = asking(Response.json(body))

      expect(await ask(PIXEL)).toMatchObject({ kind: 'known', names: [] })
    },
  )

  it('is kept for ten minutes, a failure for one', async () => {
    const { ask, requests, later } = asking(refusal(190), Response.json(ANSWER), Response.json(ANSWER))

    for (const [afterMs, asked] of [
      [0, 1],
      [50_000, 1],
      [20_000, 2],
      [500_000, 2],
      [200_000, 3],
    ] as const) {
      later(afterMs)
      await ask(PIXEL)
      expect(requests).toHaveLength(asked)
    }
  })
})
