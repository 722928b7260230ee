import { fileURLToPath } from 'node:url'
import { launchChromium, startDemo, type Browser, type Copies, type Demo, type Page } from '@pixel-mirror/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/**
 * The whole road: a real browser, the built collector as its own process, a real disk, and the sandbox in Meta's place.
 * Nothing else is stood in for.
 */

const SITE = fileURLToPath(new URL('../site', import.meta.url))

let browser: Browser
let demo: Demo

beforeAll(async () => {
  browser = await launchChromium()
  demo = await startDemo({ site: SITE })
})
afterAll(async () => {
  await browser?.close()
  await demo?.stop()
})

/** Looks at a mirror, puts it into the basket, buys it; returns the order's number. */
async function buyAMirror(page: Page): Promise<string> {
  await page.getByRole('link', { name: /Round/ }).click()
  await page.getByRole('button', { name: 'Put in the basket' }).click()
  await page.getByRole('link', { name: 'Go to the checkout' }).click()
  await page.getByRole('button', { name: 'Buy' }).click()
  await page.getByText('is on its way').waitFor()
  return page.locator('#order-id').innerText()
}

const ofOrder = (orderId: string) => (copies: Copies) => copies.server[0]?.event.custom_data?.['order_id'] === orderId

describe('a visitor who buys a mirror', () => {
  it('is reported by the pixel and by the collector, once each, with the same event id', async () => {
    const page = await browser.newPage()
    await page.goto(demo.url)

    const orderId = await buyAMirror(page)
    const purchase = await demo.copiesOf('Purchase', (copies) => ofOrder(orderId)(copies) && copies.browserCopies > 0)

    expect(purchase).toMatchObject({ verdict: 'once', browserCopies: 1, serverCopies: 1 })
    expect(purchase.event_id).toMatch(/\S{8,}/)
    expect(purchase.server[0]?.event).toMatchObject({
      action_source: 'website',
      event_source_url: `${demo.url}/thanks.html`,
      custom_data: { order_id: orderId, value: 119, currency: 'EUR' },
    })
    await page.close()
  })

  it('leaves one pair of copies for every step on the way', async () => {
    const all = await demo.copies()

    const steps = all.filter(({ event_name }) => event_name !== 'PageView')
    expect(steps.map(({ event_name, verdict }) => `${event_name} ${verdict}`).sort()).toEqual([
      'AddToCart once',
      'InitiateCheckout once',
      'Purchase once',
      'ViewContent once',
    ])
    expect(all.filter(({ event_name }) => event_name === 'PageView').map(({ verdict }) => verdict)).toEqual(
      Array.from({ length: 4 }, () => 'once'),
    )
  })

  it('is known to Meta by a hashed address, never by the plain one', async () => {
    const purchase = await demo.copiesOf('Purchase')

    // sha256('jo@example.com')
    expect(purchase.server[0]?.event.user_data['em']).toEqual([
      'f4e19df2e6c609fbd59a42b9063d0fadf44260218531ea21ad8c575f205c0453',
    ])
    expect(JSON.stringify(purchase)).not.toContain('jo@example.com')
  })
})

describe('a visitor whose browser blocks Meta’s script', () => {
  it('is reported all the same, by the collector alone, marked as blocked', async () => {
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.goto(demo.url)
    await page.getByLabel('Block Meta’s script').check()
    await page.waitForLoadState()

    const orderId = await buyAMirror(page)
    const purchase = await demo.copiesOf('Purchase', ofOrder(orderId))

    expect(purchase).toMatchObject({ verdict: 'server_only', browserCopies: 0, serverCopies: 1 })
    const metrics = await (await fetch(`${demo.adminUrl}/metrics`)).text()
    expect(metrics).toMatch(/pixel_mirror_\w*recovered\w*\{[^}]*blocked[^}]*\} [1-9]/)
    await context.close()
  })
})
