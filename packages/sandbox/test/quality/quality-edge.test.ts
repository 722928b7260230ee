import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSandbox, type Sandbox } from '../../src/index.js'
import { NOW_MS, NOW_S, pageView, purchase } from '../sample.js'

let sandbox: Sandbox
let url: string

beforeEach(async () => {
  sandbox = createSandbox({ now: () => NOW_MS, pixels: [{ id: '42', accessToken: 'right' }, { id: '43' }] })
  url = (await sandbox.start()).url
})
afterEach(() => sandbox.stop())

const send = (...data: unknown[]) =>
  fetch(`${url}/v26.0/42/events?access_token=right`, { method: 'POST', body: JSON.stringify({ data }) })
const hit = (name: string, id = '') => fetch(`${url}/tr/?id=42&ev=${name}&eid=${id}`)

async function ask(query: string, token = 'right') {
  const response = await fetch(`${url}/v26.0/dataset_quality?${query}`, {
    headers: { authorization: `Bearer ${token}` },
  })
  return (await response.json()) as { web: Record<string, unknown>[]; error?: { code: number } }
}

describe('GET /v{n}/dataset_quality', () => {
  it('tells per event name how well its events can be matched', async () => {
    await send(
      purchase(),
      pageView({ event_id: 'a' }),
      pageView({ user_data: { client_user_agent: 'M', fbp: 'fb.1.1763999000000.1' } }),
    )

    const { web } = await ask('dataset_id=42&fields=web{event_name}')

    expect(web.map(({ event_name }) => event_name)).toEqual(['Purchase', 'PageView'])
    expect(web[1]).toMatchObject({
      event_match_quality: {
        match_key_feedback: [
          { identifier: 'ip_address', coverage: { percentage: 50 } },
          { identifier: 'user_agent', coverage: { percentage: 100 } },
          { identifier: 'fbp', coverage: { percentage: 50 } },
        ],
        diagnostics: [{ name: 'event_id_missing', percentage: 50, affected_event_count: 1, total_event_count: 2 }],
      },
      data_freshness: { upload_frequency: 'real_time' },
    })
    expect(web[0]?.['event_match_quality']).not.toHaveProperty('composite_score')
  })

  it('tells how many of the browser’s events came from a server, too', async () => {
    await send(purchase())
    await Promise.all([
      hit('Purchase', 'order-1001'),
      hit('Purchase', 'order-1002'),
      hit('Purchase'),
      hit('Purchase', 'order-1003'),
    ])

    const { web } = await ask('dataset_id=42')

    expect(web[0]).toMatchObject({
      event_coverage: { percentage: 25, goal_percentage: 75 },
      dedupe_key_feedback: [
        {
          dedupe_key: 'event_id',
          browser_events_with_dedupe_key: { percentage: 75 },
          server_events_with_dedupe_key: { percentage: 100 },
          overall_browser_coverage_from_dedupe_key: { percentage: 25 },
        },
      ],
    })
  })

  it.each([
    [60, 'real_time'],
    [3 * 3_600, 'hourly'],
    [2 * 86_400, 'daily'],
  ])('says of events that are %i seconds old when they come: %s', async (ageS, frequency) => {
    await send(pageView({ event_time: NOW_S - ageS }))

    expect((await ask('dataset_id=42')).web[0]).toMatchObject({ data_freshness: { upload_frequency: frequency } })
  })

  it('keeps pixels apart, and says nothing of one that has no events', async () => {
    await send(purchase())

    expect((await ask('dataset_id=43', 'any')).web).toEqual([])
  })

  it.each([
    ['dataset_id=42', 'wrong', 100],
    ['dataset_id=44', 'right', 100],
    ['', 'right', 803],
  ])('refuses ?%s with the token "%s"', async (query, token, code) => {
    expect((await ask(query, token)).error?.code).toBe(code)
  })
})
