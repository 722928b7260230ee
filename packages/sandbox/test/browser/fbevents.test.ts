import { createHash } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { launchChromium, type Browser, type Page } from '@pixel-mirror/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createSandbox, type BrowserHit } from '../../src/index.js'
import { listen } from '../../src/http/listen.js'

/** Meta's base snippet, word by word but for the address. */
const snippet = (address: string) => `<script>
!function(f,b,e,v,n,t,s){if(f.fbq)return;n=f.fbq=function(){n.callMethod?n.callMethod.apply(n,arguments):n.queue.push(arguments)};
if(!f._fbq)f._fbq=n;n.push=n;n.loaded=!0;n.version='2.0';n.queue=[];t=b.createElement(e);t.async=!0;t.src=v;
s=b.getElementsByTagName(e)[0];s.parentNode.insertBefore(t,s)}(window,document,'script','${address}/en_US/fbevents.js');
</script>`

const sandbox = createSandbox()
let browser: Browser
let metaUrl: string
let shop: Server
let shopUrl: string
let html: string
let page: Page
let warnings: string[]

beforeAll(async () => {
  metaUrl = (await sandbox.start()).url
  shop = createServer((_, res) => res.setHeader('content-type', 'text/html').end(html))
  shopUrl = (await listen(shop, 0, 'localhost')).url
  browser = await launchChromium()
})

afterAll(async () => {
  await browser.close()
  shop.close()
  await sandbox.stop()
})

beforeEach(async () => {
  sandbox.forget()
  warnings = []
  page = await (await browser.newContext()).newPage()
  page.on('console', (message) => message.type() === 'warning' && warnings.push(message.text()))
  page.on('pageerror', (error) => warnings.push(`ERROR ${error.message}`))
})

afterEach(() => page.context().close())

/** Opens a page of the shop with the snippet and some calls. */
async function open(calls: string, path = '/'): Promise<void> {
  html = `<!DOCTYPE html><html><head>${snippet(metaUrl)}<script>${calls}</script></head><body>Shop</body></html>`
  await page.goto(shopUrl + path, { waitUntil: 'domcontentloaded' })
}

const hits = (): BrowserHit[] => sandbox.received().flatMap((copy) => (copy.channel === 'browser' ? [copy.hit] : []))

/**
 * Waits until the last event of a test has arrived, and with it all that the page has sent: images may overtake each other.
 * In the order in which each pixel sent them, pixel by pixel.
 */
async function arrived(last: string): Promise<BrowserHit[]> {
  await sandbox.until(() => hits().some(({ event_name }) => event_name === last), 30_000)
  const sent = await page.evaluate<number>(`fbq.getState().pixels.reduce((sum, { eventCount }) => sum + eventCount, 0)`)
  await sandbox.until(() => hits().length >= sent, 30_000)
  const place = ({ pixel_id, other }: BrowserHit) => Number(pixel_id) * 1_000 + Number(other['ec'])
  return hits().sort((left, right) => place(left) - place(right))
}

const names = (list: BrowserHit[]) => list.map(({ event_name }) => event_name)

describe('our fbevents.js with Meta’s base snippet', () => {
  it('sends what the page said before it arrived, with the ids of the fourth argument', async () => {
    await open(`
      fbq('init', '42')
      fbq('track', 'PageView')
      fbq('track', 'Purchase', { value: 19.9, currency: 'EUR', contents: [{ id: 'a', quantity: 1 }], none: null }, { eventID: 'order-1' })
      fbq('trackCustom', 'Done', {}, { event_id: 7 })`)

    const [view, purchase, done] = await arrived('Done')

    expect(view).toMatchObject({ pixel_id: '42', event_name: 'PageView', event_source_url: `${shopUrl}/` })
    expect(view).not.toHaveProperty('event_id')
    expect(purchase).toMatchObject({
      event_id: 'order-1',
      custom_data: { value: '19.9', currency: 'EUR', contents: '[{"id":"a","quantity":1}]' },
    })
    expect(purchase?.custom_data).not.toHaveProperty('none')
    expect(done).toMatchObject({ event_id: '7' })
    expect(warnings).toEqual([])
  })

  it('works on the function that is there, and replaces nothing', async () => {
    await open(`const before = fbq; fbq('init', '42'); fbq('track', 'Early')`)
    await arrived('Early')

    const found = await page.evaluate(`({
      same: fbq === before && _fbq === before,
      callMethod: typeof fbq.callMethod,
      waiting: fbq.queue.length,
      pixels: fbq.getState().pixels.map(({ id, eventCount }) => [id, eventCount]),
      leftBehind: ['sha256', 'startPixel', 'VERSION'].filter((name) => name in window),
    })`)

    expect(found).toEqual({ same: true, callMethod: 'function', waiting: 0, pixels: [['42', 1]], leftBehind: [] })
  })

  it('takes an id from nowhere else', async () => {
    await open(`
      fbq('init', '42')
      fbq('track', 'A', { eventID: 'third' })
      fbq('track', 'B', {}, 'text')
      fbq('track', 'C', {}, { eventID: '' })
      fbq('track', 'D', null, { eventID: { eventID: 'nested' } })
      fbq('trackSingle', '42', 'E', {}, { eventID: 'fifth' })`)

    const list = await arrived('E')

    expect(list.map(({ event_id }) => event_id)).toEqual([undefined, undefined, undefined, 'nested', 'fifth'])
    expect(list[0]?.custom_data).toEqual({ eventID: 'third' })
    expect(list[4]?.other).toMatchObject({ tm: '1' })
  })

  it('sends nothing until the pixel’s configuration has arrived', async () => {
    let release!: () => void
    const held = new Promise<void>((resolve) => (release = resolve))
    await page.route('**/signals/config/42*', async (route) => {
      await held
      await route.continue()
    })
    await open(`fbq('init', '42'); fbq('track', 'A')`)
    await page.waitForFunction('typeof fbq.getState === "function"')
    await page.evaluate(`fbq('track', 'B')`)

    expect(await page.evaluate('fbq.queue.length')).toBe(2)
    expect(hits()).toEqual([])
    release()

    expect(names(await arrived('B'))).toEqual(['A', 'B'])
  })

  it('keeps everything for ever when the configuration is blocked', async () => {
    await page.route('**/signals/config/**', (route) => route.abort())
    await open(`fbq('init', '42'); fbq('track', 'A')`)
    await page.waitForFunction('typeof fbq.getState === "function"')
    await page.waitForLoadState('networkidle')

    expect(await page.evaluate('fbq.queue.length')).toBe(1)
    expect(hits()).toEqual([])
  })

  it('waits for consent, and then sends what waited with its ids', async () => {
    await open(`fbq('consent', 'revoke'); fbq('init', '42'); fbq('track', 'A', {}, { eventID: 'a' })`)
    await page.waitForFunction('typeof fbq.getState === "function"')
    await page.evaluate(`fbq('track', 'B', {}, { eventID: 'b' })`)
    expect(hits()).toEqual([])

    await page.evaluate(`fbq('consent', 'grant')`)

    expect((await arrived('B')).map(({ event_id }) => event_id)).toEqual(['a', 'b'])
  })

  it('counts a page view once per pixel, whoever asks again', async () => {
    await open(`
      fbq('init', '42')
      fbq('track', 'PageView'); fbq('track', 'PageView'); fbq('trackCustom', 'PageView')
      fbq('trackSingle', '42', 'PageView')
      fbq('track', 'Done')`)

    expect(names(await arrived('Done'))).toEqual(['PageView', 'PageView', 'Done'])
  })

  it('counts page views as often as asked where the page says so', async () => {
    await open(`
      fbq.allowDuplicatePageViews = true
      fbq('init', '42')
      fbq('track', 'PageView'); fbq('track', 'PageView')
      fbq('track', 'Done')`)

    expect(names(await arrived('Done'))).toEqual(['PageView', 'PageView', 'Done'])
  })

  it('sends to every pixel, or to one, or not to one', async () => {
    await open(`
      fbq('set', 'trackSingleOnly', true, '44')
      fbq('init', '42'); fbq('init', '43'); fbq('init', '44')
      fbq('track', 'A')
      fbq('trackSingle', '43', 'B')
      fbq('trackSingleCustom', '44', 'C')
      fbq('trackSingle', '45', 'D')
      fbq('track', 'Done')`)

    const list = await arrived('Done')

    expect(list.map(({ event_name, pixel_id }) => event_name + pixel_id)).toEqual([
      'A42',
      'Done42',
      'A43',
      'B43',
      'Done43',
      'C44',
    ])
    expect(warnings.join()).toContain('PIXEL_NOT_INITIALIZED')
  })

  it('drops what was tracked before any pixel was set up', async () => {
    await open(`fbq('track', 'Lost'); fbq('init', '42'); fbq('track', 'Done')`)

    expect(names(await arrived('Done'))).toEqual(['Done'])
  })

  it('sends page views of its own when the address changes, without an id', async () => {
    await open(`fbq('init', '42'); fbq('track', 'PageView', {}, { eventID: 'first' })`)
    await arrived('PageView')

    await page.evaluate(`
      history.pushState({}, '', '/two')
      history.replaceState({}, '', '/two')
      history.replaceState({}, '', '/two#three')
      fbq('track', 'PageView')
      fbq('track', 'Done')`)

    const list = await arrived('Done')
    const views = list.filter(({ event_name }) => event_name === 'PageView')
    expect(views.map(({ event_source_url }) => event_source_url)).toEqual(
      ['/', '/two', '/two#three'].map((path) => shopUrl + path),
    )
    expect(views.map(({ event_id }) => event_id)).toEqual(['first', undefined, undefined])
    expect(views.map(({ other }) => other['ie[a]'])).toEqual([undefined, '1', '1'])
  })

  it('sends one, too, when the visitor goes back', async () => {
    await open(`fbq('init', '42'); fbq('track', 'PageView')`)
    await arrived('PageView')
    await page.evaluate(`history.pushState({}, '', '/two')`)

    await page.goBack()
    await page.evaluate(`fbq('track', 'Done')`)

    expect(names(await arrived('Done'))).toEqual(['PageView', 'PageView', 'PageView', 'Done'])
  })

  it('leaves that to the page where the page says so', async () => {
    await open(`fbq.disablePushState = true; fbq('init', '42'); fbq('track', 'PageView')`)
    await arrived('PageView')

    await page.evaluate(`history.pushState({}, '', '/two'); fbq('track', 'Done')`)

    expect(names(await arrived('Done'))).toEqual(['PageView', 'Done'])
  })

  it('hashes what it is told about the visitor, and mends it in place', async () => {
    await open(`
      const known = { em: ' John_Smith@gmail.com ', ph: '+1 (650) 555-1212', fn: 'Mary-Jane', zp: '94035-1234', external_id: ' User 1 ', ge: 'Female' }
      const mended = { em: 'jane', external_id: 12345 }
      fbq('init', '42', known); fbq('init', '43', mended)
      fbq('track', 'Done')`)

    const list = await arrived('Done')

    const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
    expect(list[0]?.user_data).toEqual({
      em: sha256('john_smith@gmail.com'),
      ph: sha256('16505551212'),
      fn: sha256('maryjane'),
      zp: sha256('94035'),
      external_id: sha256('user1'),
      ge: sha256('female'),
    })
    expect(list[1]?.user_data).toEqual({
      em: sha256('jane@gmail.com'),
      external_id: sha256('12345'),
      zp: sha256('12345'),
    })
    expect(await page.evaluate('mended')).toEqual({ em: 'jane@gmail.com', external_id: 12345, zp: 12345 })
    expect(JSON.stringify(hits())).not.toMatch(/john_smith|jane/i)
  })

  it('takes late user data once, and warns about a second pixel of the same id', async () => {
    await open(`
      fbq('init', '42'); fbq('init', '42', { em: 'a@shop.example' }); fbq('init', '42', { em: 'b@shop.example' })
      fbq('track', 'Done')`)

    const [done] = await arrived('Done')

    expect(done?.user_data['em']).toBe(createHash('sha256').update('a@shop.example').digest('hex'))
    expect(warnings.join()).toContain('DUPLICATE_PIXEL_ID: 42')
  })

  it('knows the browser and the click by its cookies, and keeps them', async () => {
    await open(`fbq('init', '42'); fbq('track', 'A')`, '/?fbclid=IwAR_1-aem.x')
    const first = (await arrived('A'))[0]?.other
    sandbox.forget()
    await open(`fbq('init', '42'); fbq('track', 'B')`)
    const second = (await arrived('B'))[0]?.other
    sandbox.forget()
    await open(`fbq('init', '42'); fbq('track', 'C')`, '/?fbclid=IwAR_2')
    const third = (await arrived('C'))[0]?.other

    expect(first?.['fbp']).toMatch(/^fb\.0\.\d{13}\.\d+$/)
    expect(first?.['fbc']).toMatch(/^fb\.0\.\d{13}\.IwAR_1-aem\.x$/)
    expect([second?.['fbp'], second?.['fbc']]).toEqual([first?.['fbp'], first?.['fbc']])
    expect(third?.['fbp']).toBe(first?.['fbp'])
    expect(third?.['fbc']).toMatch(/IwAR_2$/)
  })

  it('adopts a browser id that somebody else wrote', async () => {
    await page.context().addCookies([{ name: '_fbp', value: 'fb.0.1763999000000.1234567890', url: shopUrl }])
    await open(`fbq('init', '42'); fbq('track', 'A')`)

    expect((await arrived('A'))[0]?.other['fbp']).toBe('fb.0.1763999000000.1234567890')
  })

  it('writes no cookie where the page forbids it', async () => {
    await open(`fbq('set', 'firstPartyCookies', false, '42'); fbq('init', '42'); fbq('track', 'A')`)

    expect((await arrived('A'))[0]?.other).not.toHaveProperty('fbp')
    expect(await page.context().cookies()).toEqual([])
  })

  it('says how the data may be processed', async () => {
    await open(`
      fbq('dataProcessingOptions', ['LDU'], 1)
      fbq('init', '42')
      fbq('track', 'A')
      fbq('dataProcessingOptions', ['LDU'], 1, 1000)
      fbq('track', 'B')`)

    const [ignored, limited] = await arrived('B')

    expect(ignored?.other).not.toHaveProperty('dpo')
    expect(limited?.other).toMatchObject({ dpo: 'LDU', dpoco: '1', dpost: '1000' })
  })

  it('sends as a beacon what is too long for an address', async () => {
    await open(`fbq('init', '42'); fbq('track', 'Long', { text: 'x'.repeat(3000) }, { eventID: 'l' })`)

    const [long] = await arrived('Long')

    expect(long?.custom_data['text']).toHaveLength(3_000)
    expect(long?.event_id).toBe('l')
  })

  it('understands old forms of a call, and warns about commands nobody knows', async () => {
    await open(`
      _fbq.push(['init', '42'])
      fbq(['track', 'A', {}, { eventID: 'a' }])
      fbq('reportPurchase', { value: 1 })
      fbq('trackShopify', 'x')
      fbq('sing')
      fbq('track', 'Done')`)

    expect(names(await arrived('Done'))).toEqual(['A', 'Purchase', 'Done'])
    expect(warnings.join()).toContain('INVALID_FBQ_METHOD: sing')
    expect(warnings.join()).not.toContain('trackShopify')
  })

  it('notices that somebody replaced fbq', async () => {
    await open(`const stub = fbq; window.fbq = Object.assign((...args) => stub(...args), { queue: [] })`)

    await page.waitForFunction('typeof fbq.getState === "function"')

    expect(warnings.join()).toContain('CONFLICTING_VERSIONS')
  })

  it('does its work once, even if it is loaded twice', async () => {
    await open(`fbq('init', '42'); fbq('track', 'A')`)
    await arrived('A')

    await page.addScriptTag({ url: `${metaUrl}/en_US/fbevents.js` })
    await page.evaluate(`fbq('track', 'Done')`)

    expect(names(await arrived('Done'))).toEqual(['A', 'Done'])
  })
})
