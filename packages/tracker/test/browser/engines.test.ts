import { ENGINES, type EnginePage } from '@pixel-mirror/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { BASE_CODE } from './lab.js'
import { accept, pause, startSite, type Site } from './site.js'

const TAG = '<script async src="/tracker.js"></script>'
const SNIPPET = `<script>${BASE_CODE.replace('https://connect.facebook.net/en_US', '')}</script>`
const CALLS = `<script>fbq('init', '1', { em: 'jane@example.com' }); fbq('track', 'PageView')</script>`
const SHOP = TAG + SNIPPET + CALLS

// In CI a browser that is missing is a failure: there it is installed.
describe.each(ENGINES)('$name', (engine) => {
  describe.skipIf(!engine.isInstalled && process.env['CI'] !== 'true')('does what Chromium does:', () => {
    let page: EnginePage
    let site: Site
    let isUp = true
    beforeAll(async () => (page = await engine.launch()))
    afterAll(() => page?.close())
    beforeEach(async () => {
      isUp = true
      site = await startSite((...what) => (isUp ? accept(...what) : void what[1].destroy()))
    })
    afterEach(async () => {
      await page.open('about:blank')
      await site.close()
    })

    // WebKit takes no cookies for a name without a dot.
    const origin = () => site.origin.replace('localhost', 'shop.localhost')
    const open = async (html: string, path = '/') => {
      site.put(html, path)
      await page.open(origin() + path)
    }
    const ids = () => site.copies().map(({ event_id }) => event_id)

    it('each event leaves once in each channel, with one id and the cookies’ values', async () => {
      await open(SHOP, '/?fbclid=IwAR0_a-B')
      await site.hitsArrive(1)
      await page.run(
        `for (let i = 0; i < 5; i++) fbq('track', 'AddToCart', { i }); fbq('track', 'Lead', {}, { eventID: 'mine' })`,
      )
      const copies = await site.copiesArrive(7)
      const hits = await site.hitsArrive(7)
      await site.quiet()

      // Images that are asked for at once arrive in any order.
      expect(ids().sort()).toEqual(hits.map(({ eid }) => eid).sort())
      expect(copies.at(-1)).toMatchObject({ event_name: 'Lead', event_id: 'mine' })
      const { fbp, fbc } = copies[0]!.user_data!
      expect(fbp).toMatch(/^fb\.\d\.\d{13}\.\d+$/)
      expect(fbc).toMatch(/^fb\.\d\.\d{13}\.IwAR0_a-B$/)
      expect(await page.run('return document.cookie')).toContain(`_fbp=${fbp}`)
      expect(await page.run('return document.cookie')).toContain(`_fbc=${fbc}`)
      expect(site.batches.length).toBeLessThanOrEqual(2)
    })

    it('with the pixel blocked the copies leave all the same', async () => {
      await open(SHOP.replace('/fbevents.js', 'http://127.0.0.1:1/fbevents.js'))

      const copies = await site.copiesArrive(1)

      expect(copies[0]).toMatchObject({ event_name: 'PageView', mirror: { pixel: 'blocked' } })
    })

    it('what is told last leaves with the page', async () => {
      await open('', '/next')
      await open(SHOP)
      await site.copiesArrive(1)

      await page.run(`fbq('track', 'Lead', {}, { eventID: 'last' }); location = '/next'`)
      await site.copiesArrive(2)
      await site.quiet()

      expect(ids().slice(1)).toEqual(['last'])
    })

    it('what the collector could not take leaves from the next page, without anything about the visitor', async () => {
      isUp = false
      await open(SHOP)
      await site.copiesArrive(1)
      await pause(300)
      await open('', '/next')
      const stored = await page.run('return JSON.stringify(localStorage)')
      const before = ids().length

      isUp = true
      await open(SHOP, '/again')
      await site.copiesArrive(before + 2)
      await site.quiet()

      expect(stored).toContain('PageView')
      expect(stored).not.toContain('jane')
      expect(ids().slice(before)).toContain(ids()[0])
      expect(ids().slice(before)).toHaveLength(2)
    })

    it('routes are page views, with one id in both channels', async () => {
      await open(SHOP)
      await site.hitsArrive(1)

      await page.run(`history.pushState({}, '', '/a')`)
      await site.hitsArrive(2)
      await page.run('history.back()')
      await site.hitsArrive(3)
      await site.copiesArrive(3)

      expect(site.copies().map((copy) => copy.event_source_url!.slice(origin().length))).toEqual(['/', '/a', '/'])
      expect(ids()).toEqual(site.hits.map(({ eid }) => eid))
    })

    it('without consent nothing is sent, stored or written; with it everything leaves', async () => {
      await open('')
      await page.run(`localStorage.clear()
        for (const name of ['_fbp', '_fbc']) document.cookie = name + '=; max-age=0; path=/; domain=shop.localhost'`)
      await open(SHOP.replace('async', 'data-consent-required'))
      await site.quiet()
      const before = [
        site.batches.length,
        site.hits.length,
        await page.run('return document.cookie + localStorage.length'),
      ]

      await page.run(`tracker.consent('grant')`)
      await site.copiesArrive(1)
      await site.hitsArrive(1)

      expect(before).toEqual([0, 0, '0'])
      expect(ids()).toEqual(site.hits.map(({ eid }) => eid))
    })

    it('a purchase is counted once, however often its page is loaded', async () => {
      const thanks = `${SHOP}<script>fbq('track', 'Purchase', { value: 1, currency: 'EUR', order_id: '${Math.random()}' })</script>`
      await open(thanks, '/thanks')
      await site.copiesArrive(2)

      await open(thanks, '/thanks')
      await site.copiesArrive(3)
      await site.quiet()

      expect(site.copies().map(({ event_name }) => event_name)).toEqual(['PageView', 'Purchase', 'PageView'])
    })
  })
})
