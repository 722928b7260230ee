import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createSandbox } from '../src/index.js'
import { pageView } from './sample.js'

const sandbox = createSandbox()
let url: string

beforeAll(async () => {
  url = (await sandbox.start()).url
})
afterAll(() => sandbox.stop())

/** Anything that JSON can say, hung into the places that are looked at. */
const anything = fc.jsonValue({ maxDepth: 3 })
const event = fc.oneof(
  anything,
  fc.record({ user_data: anything, custom_data: anything, app_data: anything }).map((odd) => pageView(odd)),
  fc.record({ event_name: anything, event_time: anything, action_source: anything, event_id: anything }).map(pageView),
  anything.map((contents) => pageView({ custom_data: { contents } })),
)

it('answers whatever body comes with an envelope of the Graph API, and never fails itself', async () => {
  const body = fc.oneof(
    fc.string(),
    anything.map((value) => JSON.stringify(value)),
    fc.array(event, { maxLength: 3 }).map((data) => JSON.stringify({ data })),
  )
  const type = fc.constantFrom(
    'application/json',
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    '',
  )

  await fc.assert(
    fc.asyncProperty(body, type, async (text, contentType) => {
      const response = await fetch(`${url}/v26.0/42/events?access_token=x`, {
        method: 'POST',
        body: text,
        headers: { 'content-type': contentType },
      })
      const answer = (await response.json()) as Record<string, unknown>

      expect([200, 400]).toContain(response.status)
      expect(answer).toHaveProperty(response.status === 200 ? 'events_received' : 'error.code')
    }),
    { numRuns: 300 },
  )
})

it('shows a page whatever was sent to it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })), async (fields) => {
      await fetch(`${url}/tr/?${new URLSearchParams({ ...fields, id: '42' }).toString()}`)

      expect((await fetch(`${url}/`)).status).toBe(200)
    }),
    { numRuns: 50 },
  )
})

it.each(['//', '/%', '/v26.0/%E0%A4%A/events', '/sandbox', '/signals/config/x', `/${'x'.repeat(5_000)}`])(
  'answers the odd address %s',
  async (path) => {
    expect((await fetch(url + path)).status).toBeLessThan(500)
  },
)
