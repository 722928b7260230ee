import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { freePort, launchChromium, startDemo, type Browser, type Demo } from '@pixel-mirror/testing'
import { visitor } from './running.js'

const SITE = fileURLToPath(new URL('../../../../examples/static-shop/site', import.meta.url))

let browser: Browser
let demo: Demo
beforeAll(async () => void (browser = await launchChromium()))
afterAll(async () => {
  await demo.stop()
  await browser.close()
})

it('what a page says as it is left, to a collector that dies at this moment, reaches Meta once when both are back', async () => {
  const env = { PORT: String(await freePort()) }
  demo = await startDemo({ site: SITE, env })
  const page = await visitor(browser)
  await page.goto(demo.url)
  await demo.copiesOf('PageView', ({ serverCopies }) => serverCopies > 0)

  process.kill(demo.child.pid, 'SIGSTOP')
  const leaves = page.waitForRequest((request) => request.method() === 'POST' && request.url().endsWith('/events'))
  await page.evaluate(`fbq('track', 'Lead', {}, { eventID: 'last' })`)
  await leaves
  await page.goto('about:blank')
  await demo.child.stop('SIGKILL')
  await demo.stop()
  demo = await startDemo({ site: SITE, env })
  await page.goto(demo.url)
  const lead = await demo.copiesOf('Lead', ({ serverCopies }) => serverCopies > 0)
  await demo.copiesOf('PageView', ({ serverCopies }) => serverCopies > 0)
  await page.context().close()

  expect(lead).toMatchObject({ event_id: 'last', serverCopies: 1 })
})
