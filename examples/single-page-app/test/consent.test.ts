import { fileURLToPath } from 'node:url'
import {
  answerForMeta,
  eventually,
  launchChromium,
  startDemo,
  type Browser,
  type Demo,
  type Page,
} from '@pixel-mirror/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'

const SITE = fileURLToPath(new URL('../site', import.meta.url))

let browser: Browser
let demo: Demo
let page: Page
let sent: string[]

beforeAll(async () => {
  browser = await launchChromium()
  demo = await startDemo({ site: SITE })
})
afterAll(async () => {
  await browser?.close()
  await demo?.stop()
})
beforeEach(async () => {
  await fetch(`${demo.sandboxUrl}/sandbox/copies`, { method: 'DELETE' })
  sent = []
  const context = await browser.newContext()
  page = await context.newPage()
  page.on('request', (request) => {
    if (request.method() === 'POST') sent.push(request.url())
  })
  await answerForMeta(page, demo)
})
afterEach(() => page.context().close())

async function visitTwoPagesAndAsk(): Promise<void> {
  await page.goto(demo.url)
  await theTrackerIsThere()
  await page.getByRole('link', { name: 'Pottery' }).click()
  await page.getByRole('button', { name: 'Ask for a place' }).click()
  await page.getByText('We will write to you').waitFor()
}

/** It sets the pixel up, also while consent is missing. */
const theTrackerIsThere = () => page.waitForFunction(() => 'fbq' in window)

const cookies = async () => (await page.context().cookies()).map(({ name }) => name)
const storage = () => page.evaluate(() => [...Object.keys(localStorage), ...Object.keys(sessionStorage)])

describe('before the visitor has agreed', () => {
  it('nothing is sent, stored or written as a cookie', async () => {
    await visitTwoPagesAndAsk()

    expect(sent).toEqual([])
    expect(await cookies()).toEqual([])
    expect(await storage()).toEqual([])
  })
})

describe('when the visitor agrees', () => {
  it('what waited leaves, once: the page view and the lead (the pixel counts no routes before it may send)', async () => {
    await visitTwoPagesAndAsk()

    await page.getByRole('button', { name: 'Agree' }).click()

    await demo.copiesOf('Lead', ({ serverCopies }) => serverCopies === 1)
    const all = await eventually('both events', async () => {
      const copies = (await demo.copies()).filter(({ serverCopies }) => serverCopies > 0)
      return copies.length >= 2 && copies
    })
    expect(all.map(({ event_name, serverCopies }) => `${event_name} ${serverCopies}`).sort()).toEqual([
      'Lead 1',
      'PageView 1',
    ])
    expect(all.map(({ server }) => server[0]?.event['event_source_url'])).toContain(`${demo.url}/pottery`)
    expect((await cookies()).sort()).toContain('_fbp')
  })
})

describe('when the visitor declines', () => {
  it('nothing is sent, now or later', async () => {
    await visitTwoPagesAndAsk()

    await page.getByRole('button', { name: 'No, thank you' }).click()
    await page.getByRole('link', { name: 'Weaving' }).click()
    await visitTwoPagesAndAsk()

    expect(sent).toEqual([])
    expect(await cookies()).toEqual([])
  })
})

describe('other people’s consent banners', () => {
  it.each([
    [
      'TCF v2',
      `window.__tcfapi = (_, __, call) => setTimeout(() => call({ eventStatus: 'useractioncomplete', purpose: { consents: { 1: true, 3: true, 4: true } } }, true), 50)`,
    ],
    [
      'Google consent mode',
      `window.dataLayer = [['consent', 'default', { ad_user_data: 'denied' }]]; setTimeout(() => dataLayer.push(['consent', 'update', { ad_user_data: 'granted' }]), 300)`,
    ],
  ])('are followed: %s', async (_, script) => {
    await page.addInitScript(script)

    await visitTwoPagesAndAsk()

    await demo.copiesOf('Lead', ({ serverCopies }) => serverCopies === 1)
  })
})
