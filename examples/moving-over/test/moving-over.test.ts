import { fileURLToPath } from 'node:url'
import { launchChromium, startDemo, type Browser, type Demo } from '@pixel-mirror/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'

let browser: Browser
let demo: Demo

beforeAll(async () => {
  browser = await launchChromium()
  demo = await startDemo({ site: fileURLToPath(new URL('../site', import.meta.url)) })
})
afterAll(async () => {
  await browser?.close()
  await demo?.stop()
})
beforeEach(async () => {
  await fetch(`${demo.sandboxUrl}/sandbox/copies`, { method: 'DELETE' })
})

describe('a page with a hand-made relay', () => {
  it('works unchanged against the collector: text ids, tidy values, hashed data, address and user agent added', async () => {
    const page = await browser.newPage()
    await page.goto(`${demo.url}/before.html`)

    await page.getByRole('button', { name: 'Buy' }).click()
    const { server, event_id } = await demo.copiesOf('Purchase')

    expect(event_id).toBe('1764000001')
    expect(server[0]?.event).toMatchObject({
      action_source: 'website',
      custom_data: { value: 12.5, currency: 'EUR' },
      user_data: {
        em: ['f4e19df2e6c609fbd59a42b9063d0fadf44260218531ea21ad8c575f205c0453'],
        client_user_agent: expect.stringContaining('Chrom') as string,
      },
    })
    await page.close()
  })
})

describe('the same page with the tag', () => {
  it('reports the purchase with an id and the browser’s cookies, without a relay of its own', async () => {
    const page = await browser.newPage()
    await page.route('https://connect.facebook.net/**', (route) => route.abort())
    await page.goto(`${demo.url}/after.html`)
    await page.waitForFunction(() => 'fbq' in window)

    await page.getByRole('button', { name: 'Buy' }).click()
    const { server, event_id } = await demo.copiesOf('Purchase')

    expect(event_id).toMatch(/\S{8,}/)
    expect(server[0]?.event.user_data['fbp']).toMatch(/^fb\.\d\.\d{13}\.\d+$/)
    await page.close()
  })
})
