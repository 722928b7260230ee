import { readFile } from 'node:fs/promises'
import { launchChromium, proxyToCollector, startDemo, type Browser, type Demo } from '@pixel-mirror/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const API_KEY = 'only-for-this-test-0123456789abcdef'
const read = (path: string) => readFile(new URL(`../${path}`, import.meta.url), 'utf8')

let browser: Browser
let demo: Demo

beforeAll(async () => {
  browser = await launchChromium()
  demo = await startDemo({ env: { API_KEYS: API_KEY, ALLOWED_ORIGINS: 'https://www.example.com' } })
})
afterAll(async () => {
  await browser?.close()
  await demo?.stop()
})

describe('the custom HTML tag', () => {
  it('mirrors what the page had told its pixel before the tag arrived', async () => {
    const page = await browser.newPage()
    const tag = await read('custom-html-tag.html')
    await page.route('https://www.example.com/', (route) =>
      route.fulfill({ contentType: 'text/html', body: '<title>Shop</title>' }),
    )
    await proxyToCollector(page, 'https://www.example.com/m', demo)
    await page.goto('https://www.example.com/')
    // A page whose snippet has run and whose Meta script is blocked: its calls wait in the snippet's queue.
    await page.evaluate(() => {
      const queue: unknown[] = []
      const fbq = Object.assign((...args: unknown[]) => void queue.push(args), { queue, loaded: true, version: '2.0' })
      Object.assign(window, { fbq, _fbq: fbq })
      fbq('init', '1234567890')
      fbq('track', 'Lead', { value: 20, currency: 'EUR' }, { eventID: 'early-1' })
    })

    // As the tag manager does it: the markup's scripts are made anew and inserted.
    await page.evaluate((html) => {
      const script = document.createElement('script')
      script.text = /<script>([\s\S]*)<\/script>/.exec(html)?.[1] ?? ''
      document.body.appendChild(script)
    }, tag)

    expect(await demo.copiesOf('Lead', ({ event_id }) => event_id === 'early-1')).toMatchObject({ serverCopies: 1 })
    await page.close()
  })
})

describe("a server container's request", () => {
  it('is taken at the Graph API’s own edge, with an API key as its access token', async () => {
    const body = JSON.parse(await read('server-tag-request.json')) as { data: { event_time: number }[] }
    body.data[0]!.event_time = Math.floor(Date.now() / 1000)

    const answer = await fetch(`${demo.url}/v26.0/1234567890/events?access_token=${API_KEY}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })

    expect(await answer.json()).toMatchObject({ events_received: 1 })
    expect(await demo.copiesOf('Lead', ({ event_id }) => event_id === 'gtm-1764000000')).toMatchObject({
      serverCopies: 1,
    })
  })
})
