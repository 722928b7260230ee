import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accessibilityIssues, eventually, launchChromium, type Browser, type Page } from '@pixel-mirror/testing'
import { buy, startCollector, visitor, type Running } from './running.js'

let browser: Browser
let running: Running
/** The inspector, open all the time, as its reader has it. */
let page: Page
/** Everything the browser complained about: a policy that was broken, a script that failed. */
const complaints: string[] = []

beforeAll(async () => {
  browser = await launchChromium()
  running = await startCollector()
  page = await open(running)
})
afterAll(async () => {
  await browser?.close()
  await running?.child.stop()
})

async function open({ inspector }: Running, hash = '', look: Parameters<Browser['newContext']>[0] = {}): Promise<Page> {
  const opened = await (await browser.newContext(look)).newPage()
  opened.on('console', (message) => {
    if (message.type() === 'error' && !message.text().includes('401')) complaints.push(message.text())
  })
  opened.on('pageerror', (error) => complaints.push(error.message))
  await opened.goto(inspector + hash)
  return opened
}

const show = async (view: string, query = ''): Promise<void> => {
  await page.goto(`${running.inspector}#/${view}${query}`)
  await page.locator(`.view.${view} h1`).waitFor()
}

const row = (name: string) => page.locator('.event').filter({ hasText: name }).first()
const story = () => page.locator('.story').first()

describe('the inspector', () => {
  it('tells a newcomer what to do while nothing has come', async () => {
    await show('flow')

    await page.getByText('Waiting for the first event').waitFor()
    expect(await page.locator('.empty pre').textContent()).toContain('/tracker.js')
  })

  it('says why an event was left out, and nothing of what was not looked into', async () => {
    await fetch(new URL('events', running.shop), {
      method: 'POST',
      headers: {
        origin: new URL(running.shop).origin,
        'user-agent': 'Googlebot/2.1 (+http://www.google.com/bot.html)',
      },
      body: JSON.stringify({ event_name: 'PageView', event_id: 'of-a-bot', event_source_url: running.shop }),
    })
    await show('flow')

    await row('Left out').click()

    await page.getByText('No event for Meta was received in the last 24 hours.').waitFor()
    await story().getByText('The user agent is a known bot').waitFor()
    expect(await story().innerText()).not.toMatch(/Event id|Not known/)
    await row('Left out').click()
  })

  it('shows both stories of a purchase, with and without the pixel blocked, as they happen', async () => {
    await show('flow')
    const shopper = await visitor(browser)

    await buy(shopper, running.shop)
    await page.locator('.event', { hasText: 'Purchase' }).filter({ hasText: 'Both copies' }).waitFor()
    await buy(shopper, running.shop, { blocked: true })
    await page.locator('.event', { hasText: 'Purchase' }).filter({ hasText: 'Recovered: blocked' }).waitFor()

    await page.locator('.event', { hasText: 'Purchase' }).filter({ hasText: 'Accepted' }).nth(1).waitFor()
    await shopper.context().close()
  })

  it('opens an event: what came, what was made of it, when it left, what Meta said', async () => {
    await show('flow')
    await row('Purchase').click()

    await story().getByText('Accepted').last().waitFor()
    const told = (await story().innerText()).replaceAll(/\s+/g, ' ')
    expect(told).toMatch(/Received .*a browser on http:\/\/localhost/)
    expect(told).toMatch(/Enriched .*Matches by .*em/)
    expect(told).toMatch(/Sent .*HTTP 200 after/)
    expect(told).toMatch(/Meta’s answer Accepted, .* after it was received/)

    await story().getByText('What Meta is sent').click()
    const sent = await story().locator('pre').innerText()
    expect(sent).toMatch(/"em": \[\s*"sha256:[0-9a-f]{8}…"/)
    expect(sent).not.toContain('jo@example.com')
  })

  it('holds new events back while one is being read', async () => {
    await show('flow')
    if ((await row('Purchase').getAttribute('aria-expanded')) === 'false') await row('Purchase').click()
    const shopper = await visitor(browser)

    await shopper.goto(running.shop)
    await page.getByRole('button', { name: /Show \d+ new events?/ }).click()

    await expect.poll(() => page.locator('.event').first().innerText()).toContain('PageView')
    expect(await page.locator('.event[aria-expanded=true]').count()).toBe(0)
    await shopper.context().close()
  })

  it('finds events by name, and by how far they have come', async () => {
    await show('flow')

    await page.getByLabel('Search by event name or id').fill('purch')
    await expect.poll(() => page.locator('.event .what b').allInnerTexts()).toEqual(['Purchase', 'Purchase'])

    await page.getByRole('button', { name: 'In trouble' }).click()
    await page.getByText('No event fits').waitFor()

    await page.getByLabel('Search by event name or id').fill('')
    await page.getByRole('button', { name: 'All', exact: true }).click()
    await row('PageView').waitFor()
  })

  it('lets events come into a filtered view when they have come so far', async () => {
    await show('flow')
    await page.getByRole('button', { name: 'Accepted', exact: true }).click()
    await page.getByLabel('Search by event name or id').fill('ViewContent')
    const names = () => page.locator('.event .what b').allInnerTexts()
    await expect.poll(async () => new Set(await names())).toEqual(new Set(['ViewContent']))
    const before = (await names()).length
    const shopper = await visitor(browser)

    await shopper.goto(`${running.shop}product.html?id=oval-30`)
    await expect.poll(() => page.locator('.event').count(), { timeout: 20_000 }).toBe(before + 1)

    await page.getByLabel('Search by event name or id').fill('')
    await page.getByRole('button', { name: 'All', exact: true }).click()
    await shopper.context().close()
  })

  it('says what the mirror won, in events and in money', async () => {
    await show('value')

    await expect.poll(() => page.locator('.lede').innerText()).toMatch(/€249\.00 of purchases/)
    const purchase = page.getByRole('row', { name: /Purchase/ })
    expect(await purchase.innerText()).toMatch(/2\s+1\s+50%\s+€249\.00\s+€498\.00/)

    await purchase.getByRole('button').click()
    await page.getByText('Only Purchase').waitFor()
    expect(page.url()).toContain('name=Purchase')
    await page.getByRole('button', { name: 'Show all event names' }).click()
  })

  it('says what is missing for a good match, and how to send it', async () => {
    await show('quality')

    await page.getByText('What would help most').waitFor()
    const table = page.getByRole('table', { name: /Share of events that carry each match key/ })
    expect(await table.getByRole('row', { name: /^Purchase/ }).innerText()).toMatch(/100%/)
    expect(await page.locator('.view').innerText()).toContain('The built-in sandbox stands in for Meta')
  })

  it('says that all is well, with the books to prove it', async () => {
    await show('health')

    await expect.poll(() => page.locator('.lede').innerText()).toMatch(/^Yes\./)
    expect(await page.getByRole('table', { name: /The books/ }).innerText()).toContain('none')
  })

  it('can be walked by keyboard alone', async () => {
    await show('flow')
    const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim() ?? '')
    const tabTo = async (text: string) => {
      for (let presses = 0; presses < 40; presses++) {
        await page.keyboard.press('Tab')
        if ((await focused()).startsWith(text)) return
      }
      throw new Error(`Tab does not reach ${text}.`)
    }

    await page.reload()
    await page.locator('.event').first().waitFor()
    await page.keyboard.press('Tab')
    expect(await focused()).toBe('Skip to the view')
    await page.keyboard.press('Enter')
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('view')

    await tabTo('All')
    await tabTo('Pause')
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await story().getByRole('heading', { name: 'Received' }).waitFor()
    await page.keyboard.press('Enter')
    await expect.poll(() => page.locator('.story').count()).toBe(0)

    await page.reload()
    await page.locator('.event').first().waitFor()
    await tabTo('Health')
    await page.keyboard.press('Enter')
    await page.locator('.view.health h1').waitFor()
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe('view')
    expect(await page.title()).toBe('Health · Pixel Mirror')
  })

  it('shows a dead letter with what to do, and sends it again when the cause is mended', async () => {
    const misbehave = (init: RequestInit) => fetch(`${running.sandbox}sandbox/behave`, init)
    await misbehave({
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ kind: 'poison', event_name: 'Purchase', subcode: 2804009 }),
    })
    const shopper = await visitor(browser)
    await buy(shopper, running.shop)
    await show('flow')
    await page.locator('.event', { hasText: 'Purchase' }).filter({ hasText: 'Dead letter' }).waitFor()

    await show('health')
    const letter = page.locator('.letters li').first()
    await page.locator('.letter-group').getByText('A Purchase needs a value.').waitFor()
    await misbehave({ method: 'DELETE' })
    await letter.getByRole('checkbox').check()
    await page.getByRole('button', { name: 'Replay 1' }).click()

    await page.getByText('None. Meta took everything it was sent.').waitFor()
    expect(await page.locator('#announcement').innerText()).toBe('1 went back into the queue.')
    await eventually('the replayed purchase at Meta', async () => {
      const books = await page.getByRole('table', { name: /The books/ }).innerText()
      return /\b0\b[\s\S]*none/.test(books)
    })
    await shopper.context().close()
  })

  it('asks before it deletes dead letters', async () => {
    const misbehave = (init: RequestInit) => fetch(`${running.sandbox}sandbox/behave`, init)
    await misbehave({
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ kind: 'poison', event_name: 'AddToCart' }),
    })
    const shopper = await visitor(browser)
    await buy(shopper, running.shop)
    await show('health')
    await page.locator('.letters li').first().waitFor()
    await misbehave({ method: 'DELETE' })

    await page.getByRole('button', { name: 'Delete all' }).click()
    await page.getByRole('button', { name: 'Keep' }).click()
    expect(await page.locator('.letters li').count()).toBe(1)

    await page.getByRole('button', { name: 'Delete all' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
    await page.getByText('None. Meta took everything it was sent.').waitFor()
    await shopper.context().close()
  })

  describe.each(['light', 'dark'] as const)('in %s', (colorScheme) => {
    it.each([
      ['flow', 1280],
      ['flow', 390],
      ['value', 1280],
      ['value', 390],
      ['quality', 1280],
      ['quality', 390],
      ['health', 1280],
      ['health', 390],
    ])(
      'has no accessibility issue in the view %s at a width of %i, and does not scroll sideways',
      async (view, width) => {
        const looked = await open(running, `#/${view}`, { colorScheme, viewport: { width, height: 844 } })
        await looked.locator('.view .heading b').first().waitFor()
        if (view === 'flow') {
          // The newest may be a second copy, of which nothing was sent.
          await looked.locator('.event').filter({ hasText: 'Accepted' }).first().click()
          await looked.locator('.story .payload summary').click()
        }

        expect(await accessibilityIssues(looked)).toEqual([])
        expect(await looked.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0)
        await looked.context().close()
      },
    )
  })

  it('remembers across a restart', async () => {
    await running.child.stop()
    running = await startCollector({}, running.folder)
    page = await open(running)

    await show('value')
    await expect.poll(() => page.locator('.lede').innerText()).toMatch(/€249\.00 of purchases/)
    await show('flow')
    await row('Purchase').waitFor()
  })

  it('stops at once although somebody looks', async () => {
    const before = Date.now()

    expect(await running.child.stop()).toBe(0)

    expect(Date.now() - before).toBeLessThan(5_000)
    await page.getByText('Reconnecting').waitFor()
    running = await startCollector({}, running.folder)
  })
})

describe('with a password', () => {
  it('asks for it, and shows nothing for a wrong one', async () => {
    const locked = await startCollector({ INSPECT_PASSWORD: 'open-sesame' })
    const opened = await open(locked)

    await opened.getByLabel('Password').fill('guess')
    await opened.keyboard.press('Enter')
    await opened.getByText('That is not the password.').waitFor()
    expect(await accessibilityIssues(opened)).toEqual([])
    await opened.getByLabel('Password').fill('open-sesame')
    await opened.keyboard.press('Enter')

    await opened.getByText('Waiting for the first event').waitFor()
    await opened.getByRole('button', { name: 'Sign out' }).click()
    await opened.getByLabel('Password').waitFor()
    await locked.child.stop()
  })
})

it('never made the browser complain, of a script or of the policy', () => {
  const refused = /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING/
  expect(complaints.filter((complaint) => !refused.test(complaint))).toEqual([])
})
