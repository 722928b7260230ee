import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { BASE_SNIPPET, closeBrowser, startLab, type Lab } from './lab.js'

const TAG = '<script async src="/tracker.js"></script>'
const CALLS = `<script>
fbq('init', '1000000001', { em: 'jane@example.com' })
fbq('track', 'PageView')
fbq('track', 'Purchase', { value: 9.5, currency: 'EUR' }, { eventID: 'order-1' })
</script>`

let lab: Lab
afterEach(() => lab.close())
afterAll(closeBrowser)

describe('a page with the Meta Pixel and the tracker', () => {
  it('sends each event once to Meta and once to the collector, with one shared id', async () => {
    lab = await startLab()

    await lab.open(TAG + BASE_SNIPPET + CALLS, '/?fbclid=IwAR_x-Y')
    const copies = await lab.copiesArrive(2)
    const hits = await lab.hitsArrive(2)

    expect(copies.map(({ event_name }) => event_name)).toEqual(['PageView', 'Purchase'])
    expect(copies.map(({ event_id }) => event_id)).toEqual(hits.map(({ eid }) => eid))
    expect(copies[1]).toMatchObject({
      event_id: 'order-1',
      event_source_url: `${lab.origin}/?fbclid=IwAR_x-Y`,
      pixel_id: '1000000001',
      custom_data: { value: 9.5, currency: 'EUR' },
      user_data: { em: 'jane@example.com', fbp: expect.stringMatching(/^fb\.0\.\d{13}\.\d+$/) as string },
      mirror: { pixel: 'loaded' },
    })
    expect(copies[0]?.user_data?.fbc).toMatch(/^fb\.0\.\d{13}\.IwAR_x-Y$/)
    expect(lab.batches).toHaveLength(1)
  })

  it('still sends the copy when fbevents.js is blocked, and says so', async () => {
    lab = await startLab({ fbevents: 'is blocked' })

    await lab.open(TAG + BASE_SNIPPET + CALLS)
    const copies = await lab.copiesArrive(2)

    expect(copies[1]).toMatchObject({ event_name: 'Purchase', event_id: 'order-1', mirror: { pixel: 'blocked' } })
    expect(lab.hits).toEqual([])
  })
})
