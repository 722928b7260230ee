import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { launchChromium, startDemo, type Browser, type Demo } from '@pixel-mirror/testing'
import { sha256 } from '../../src/sha256.js'
import { visitor } from './running.js'

const SITE = fileURLToPath(new URL('../../../../examples/static-shop/site', import.meta.url))

let browser: Browser
let demo: Demo
beforeAll(async () => void (browser = await launchChromium()))
afterEach(() => demo.stop())
afterAll(() => browser.close())

/** Two visits of one browser: on the first one the shop learns who it is. */
async function twoVisits(days: string) {
  demo = await startDemo({ site: SITE, env: { REMEMBER_MATCH_DATA_DAYS: days } })
  const page = await visitor(browser)
  await page.goto(demo.url)
  await page.evaluate(`tracker.identify({ em: ' Jane@Example.com' }); tracker.track('Lead', {}); tracker.flush()`)
  await demo.copiesOf('Lead', ({ serverCopies }) => serverCopies > 0)

  await page.goto('about:blank')
  await page.goto(demo.url)
  await page.evaluate(`tracker.track('Contact', {})`)
  const { server } = await demo.copiesOf('Contact', ({ serverCopies }) => serverCopies > 0)
  const cookies = await page.context().cookies(demo.url)
  const readable = await page.evaluate<string>('document.cookie + JSON.stringify(localStorage)')
  return { page, em: server[0]!.event.user_data['em'], cookies, readable }
}

describe('a visitor who comes back', () => {
  it('is known to Meta by what an earlier visit said, until the page has it forgotten', async () => {
    const { page, em, cookies, readable } = await twoVisits('30')
    await page.evaluate(`fetch('/events', { method: 'DELETE' })`)
    const left = await page.context().cookies(demo.url)
    await page.context().close()

    expect(em).toEqual([sha256('jane@example.com')])
    expect(cookies.find(({ name }) => name.includes('match'))).toMatchObject({ httpOnly: true, sameSite: 'Lax' })
    expect(readable).toContain('_fbp')
    expect(readable).not.toMatch(/match|jane/i)
    expect(left.map(({ name }) => name)).toEqual(['_fbp'])
  })

  it('is a stranger where that is not set', async () => {
    const { page, em, cookies } = await twoVisits('0')
    await page.context().close()

    expect(em).toBeUndefined()
    expect(cookies.map(({ name }) => name)).toEqual(['_fbp'])
  })
})
