import { fileURLToPath } from 'node:url'
import {
  answerForMeta,
  eventually,
  launchChromium,
  startDemo,
  startNode,
  type Browser,
  type Child,
  type Demo,
} from '@pixel-mirror/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const SERVER = fileURLToPath(new URL('../server.js', import.meta.url))
const API_KEY = 'only-for-this-test-0123456789abcdef'

let browser: Browser
let demo: Demo
let shop: Child
let shopUrl: string

beforeAll(async () => {
  browser = await launchChromium()
  demo = await startDemo({ env: { API_KEYS: API_KEY, ALLOWED_ORIGINS: 'http://127.0.0.1:3999' } })
  shop = startNode(SERVER, [], { env: { PORT: '3999', COLLECTOR_URL: demo.url, API_KEY } })
  shopUrl = (await shop.printed(/Shop\s+(http:\S+)/))[1]!
})
afterAll(async () => {
  await browser?.close()
  await shop?.stop()
  await demo?.stop()
})

describe('an order', () => {
  it('is reported by page and server with one id, and counts once', async () => {
    const page = await browser.newPage()
    await answerForMeta(page, demo)
    await page.goto(shopUrl)
    await page.getByLabel('E-mail').fill('Jo@Example.com')
    await page.getByRole('button', { name: 'Order' }).click()
    const thanks = await page.getByText('Your order is').innerText()
    const orderId = /ORDER-\S+[^.\s]/.exec(thanks)?.[0]

    const purchase = await demo.copiesOf('Purchase', ({ verdict }) => verdict === 'once')

    expect(purchase).toMatchObject({ event_id: orderId, browserCopies: 1, serverCopies: 1 })
    // The copy that was kept is the server's: it has the customer's address, hashed.
    expect(purchase.server[0]?.event.user_data['em']).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)])
    await eventually('the page’s own copy to be counted as a duplicate', async () =>
      /dropped[^\n]*duplicate[^\n]* 1\b/.test(await (await fetch(`${demo.adminUrl}/metrics`)).text()),
    )
  })
})
