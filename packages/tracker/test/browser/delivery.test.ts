import type { IncomingMessage, ServerResponse } from 'node:http'
import type { IncomingBatch } from '@pixel-mirror/common'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { accept, BASE_SNIPPET, closeBrowser, pause, startLab, TAG_HERE, type Lab } from './lab.js'

const INIT = `<script>fbq('init', '1')</script>`
const PAGE = TAG_HERE + BASE_SNIPPET + INIT

let lab: Lab
afterEach(() => lab.close())
afterAll(closeBrowser)

/** A collector that answers with these statuses, one after another, and accepts from then on. */
function first(...statuses: number[]) {
  return (request: IncomingMessage, response: ServerResponse, batch: IncomingBatch) => {
    const status = statuses.shift()
    if (!status) return accept(request, response, batch)
    response.statusCode = status
    response.setHeader('retry-after', '1')
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ error: { message: 'No.' } }))
  }
}

const track = (name: string, options = '{}') => lab.page.evaluate(`fbq('track', '${name}', { x: 1 }, ${options})`)
/** What listeners of the page have been told. */
const listen = () =>
  lab.page.evaluate(`window.heard = []; for (const what of ['sent', 'rejected', 'dropped'])
    tracker.on(what, (event, why) => heard.push([what, event.event_name, why ?? null]))`)
const heard = async (count: number) => {
  await lab.page.waitForFunction(`heard.length >= ${count}`, undefined, { timeout: 30_000 })
  return lab.page.evaluate('heard')
}
const stored = () =>
  lab.page.evaluate(
    `Object.keys(localStorage).filter((key) => key.includes('queue')).map((key) => localStorage[key]).join()`,
  )
/** The page goes to the background, or comes back. */
const hide = (hidden: boolean) =>
  lab.page.evaluate((value) => {
    Object.defineProperty(document, 'hidden', { configurable: true, value })
    document.dispatchEvent(new Event('visibilitychange'))
  }, hidden)

describe('a request', () => {
  it('carries a whole burst, is no preflight, and says once what its events share', async () => {
    lab = await startLab()
    const methods: string[] = []
    lab.page.on('request', (request) => {
      if (request.url().endsWith('/events')) methods.push(`${request.method()} ${request.headers()['content-type']}`)
    })
    await lab.open(PAGE)
    await lab.page.waitForFunction('fbq.callMethod')

    await lab.page.evaluate(`for (let i = 0; i < 5; i++) fbq('track', 'AddToCart', { i })`)
    await lab.copiesArrive(5)
    await lab.quiet()

    expect(methods).toEqual(['POST text/plain;charset=UTF-8'])
    expect(lab.batches[0]!.data.map((event) => Object.keys(event))).toEqual(Array(5).fill(['event_id', 'custom_data']))
  })

  it('is kept alive and small enough for that, however much there is to say', async () => {
    lab = await startLab()
    await lab.open(PAGE)
    await lab.page.waitForFunction('fbq.callMethod')

    await lab.page.evaluate(`for (let i = 0; i < 1000; i++) fbq('track', 'AddToCart', { i, filling: 'ü'.repeat(300) })`)
    const copies = await lab.copiesArrive(1000)

    expect(new Set(copies.map(({ event_id }) => event_id)).size).toBe(1000)
    expect(copies.map(({ custom_data }) => custom_data!['i'])).toEqual([...Array(1000).keys()])
  })

  it.each([
    ['to a page of the same site', `location = '/next'`],
    ['to another site', `location = location.href.replace('localhost', '127.0.0.1') + 'next'`],
    ['to nowhere', `close()`],
  ])('leaves at the end of the page, which goes %s', async (_where, go) => {
    lab = await startLab({ fbevents: 'is not wanted' })
    lab.put(
      `<script src="/tracker.js" data-pixel-id="1" data-load-pixel="false" data-page-views="false"></script>`,
      '/shop',
    )
    lab.put('', '/next')
    await lab.open('')

    await lab.page.evaluate(`window.open('/shop').onload = ({ target }) => {
      const shop = target.defaultView
      shop.eval(${JSON.stringify(`tracker.track('Lead', {}, { eventID: 'last' }); ${go}`)})
    }`)
    const copies = await lab.copiesArrive(1)
    await lab.quiet()

    expect(copies.map(({ event_id }) => event_id)).toEqual(['last'])
    expect(copies[0]).toMatchObject({ event_name: 'Lead', event_source_url: `${lab.origin}/shop` })
  })
})

describe('what a page tells while it goes', () => {
  it.each(['beforeunload', 'pagehide', 'visibilitychange', 'unload'])(
    'in its listener for %s, leaves',
    async (type) => {
      lab = await startLab({ fbevents: 'is not wanted' })
      lab.put('', '/next')
      await lab.open(`<script src="/tracker.js" data-pixel-id="1" data-load-pixel="false" data-page-views="false"></script>
      <script>addEventListener('${type}', () => tracker.track('Lead', {}, { eventID: '${type}' }))</script>`)

      await lab.page.goto(lab.origin + '/next')
      const copies = await lab.copiesArrive(1)
      await lab.quiet()

      expect(copies.map(({ event_id }) => event_id)).toEqual([type])
    },
  )
})

describe('the collector’s answer', () => {
  it('tells the page which events were accepted and which were refused', async () => {
    lab = await startLab({
      collector: (_request, response) =>
        response.end(JSON.stringify({ events_received: 1, rejected: [{ index: 1, code: 'bad', message: 'No.' }] })),
    })
    await lab.open(PAGE)
    await listen()

    await lab.page.evaluate(`fbq('track', 'Lead'); fbq('track', 'Contact')`)

    expect(await heard(2)).toEqual([
      ['sent', 'Lead', null],
      ['rejected', 'Contact', { index: 1, code: 'bad', message: 'No.' }],
    ])
  })

  it.each([400, 401, 403, 404, 413])('%i is final', async (status) => {
    lab = await startLab({ collector: first(status) })
    await lab.open(PAGE)
    await listen()

    await track('Lead')

    expect(await heard(1)).toEqual([['rejected', 'Lead', { message: 'No.' }]])
    await lab.quiet()
    expect(lab.batches).toHaveLength(1)
  })

  it.each([429, 500, 502, 503, 504])(
    '%i is tried again after Retry-After, with the same id and time',
    async (status) => {
      lab = await startLab({ collector: first(status) })
      await lab.open(PAGE)
      await listen()

      await track('Lead')
      const start = Date.now()
      await lab.copiesArrive(2)

      expect(Date.now() - start).toBeGreaterThan(900)
      const [once, again] = lab.copies()
      expect([again!.event_id, again!.event_time]).toEqual([once!.event_id, once!.event_time])
      expect(await heard(1)).toEqual([['sent', 'Lead', null]])
    },
  )

  it('408 is tried again, by the browser or by us', async () => {
    lab = await startLab({ collector: first(408) })
    await lab.open(PAGE)
    await listen()

    await track('Lead')

    expect(await heard(1)).toEqual([['sent', 'Lead', null]])
    expect(lab.copies()[1]!.event_id).toBe(lab.copies()[0]!.event_id)
  })

  it('an accepted request whose answer nobody can read is not sent again', async () => {
    lab = await startLab({ collector: (_request, response) => response.end('<html>thank you</html>') })
    await lab.open(PAGE)

    await track('Lead')
    await lab.copiesArrive(1)
    await pause(600)
    await track('Contact')
    await lab.copiesArrive(2)
    await lab.quiet()

    expect(lab.copies().map(({ event_name }) => event_name)).toEqual(['Lead', 'Contact'])
  })
})

describe('while the collector cannot be reached', () => {
  const down = (_request: IncomingMessage, response: ServerResponse) => void response.destroy()

  it('events outlive the page, without anything about the visitor, and leave from the next one', async () => {
    let up = false
    lab = await startLab({ collector: (...what) => (up ? accept(...what) : down(what[0], what[1])) })
    lab.put('A page without the tracker', '/elsewhere')
    lab.put(PAGE, '/next')
    await lab.open(PAGE.replace(`'1'`, `'1', { em: 'jane@example.com' }`), '/?email=jane@example.com')
    await track('Lead', `{ eventID: 'mine' }`)
    await lab.copiesArrive(1)
    await pause(300)

    await lab.page.goto(lab.origin + '/elsewhere')
    const kept = await stored()
    await lab.page.goto(lab.origin + '/next')
    await lab.copiesArrive(2)
    await pause(300)
    const before = lab.batches.length
    up = true
    await lab.page.reload()
    await lab.copiesArrive(before + 1)
    await lab.quiet()

    expect(kept).toContain('mine')
    expect(kept).not.toContain('jane')
    const again = lab.copies().slice(before)
    expect(new Set(again.map(({ event_id }) => event_id))).toEqual(new Set(['mine']))
    expect(again[0]).toMatchObject({ event_name: 'Lead', event_source_url: `${lab.origin}/` })
    expect(again[0]!.user_data!.em).toBeUndefined()
    expect(await stored()).toBe('')
  })

  it('which is down for an hour, it is asked less and less often, and then told once', async () => {
    let up = false
    lab = await startLab({ collector: (...what) => (up ? accept(...what) : down(what[0], what[1])) })
    await lab.page.clock.install()
    await lab.open(PAGE)
    await lab.page.waitForFunction('fbq.callMethod')
    const asked = async (minutes: number, stepMs: number) => {
      const before = lab.batches.length
      for (let ms = 0; ms < minutes * 60_000; ms += stepMs) {
        await lab.page.clock.runFor(stepMs)
        // The answer comes in real time.
        await pause(15)
      }
      return lab.batches.length - before
    }
    await track('Lead', `{ eventID: 'mine' }`)
    const atFirst = await asked(2, 2_000)
    await asked(6, 2_000)
    const later = await asked(2, 2_000)
    await asked(50, 30_000)
    up = true
    const before = lab.batches.length

    await lab.page.clock.runFor(15 * 60_000)
    await lab.copiesArrive(before + 1)
    await lab.page.clock.runFor(15 * 60_000)
    await lab.quiet()

    expect(later).toBeLessThan(atFirst)
    expect(
      lab
        .copies()
        .slice(before)
        .map(({ event_id }) => event_id),
    ).toEqual(['mine'])
  })

  it('because the browser is offline, what is told last leaves from the next page', async () => {
    lab = await startLab({ fbevents: 'is not wanted' })
    const shop = `<script src="/tracker.js" data-pixel-id="1" data-load-pixel="false" data-page-views="false"></script>`
    await lab.open(shop)
    await lab.context.setOffline(true)

    await lab.page.evaluate(`tracker.track('Lead', {}, { eventID: 'mine' }); location = 'about:blank'`)
    await lab.page.waitForURL('about:blank')
    await lab.context.setOffline(false)
    await lab.open(shop, '/next')
    await lab.copiesArrive(1)
    await lab.quiet()

    // Once as a rule; twice where the browser has sent the first request after all. One id makes it one event.
    expect(new Set(lab.copies().map(({ event_id }) => event_id))).toEqual(new Set(['mine']))
  })

  it('from the moment the page goes, what was on its way leaves from the next page', async () => {
    const held: ServerResponse[] = []
    let up = false
    lab = await startLab({ collector: (...what) => (up ? accept(...what) : void held.push(what[1])) })
    lab.put('A page without the tracker', '/elsewhere')
    lab.put(PAGE, '/next')
    await lab.open(PAGE)
    await track('Lead', `{ eventID: 'mine' }`)
    await lab.copiesArrive(1)

    await lab.page.goto(lab.origin + '/elsewhere')
    // Not with a broken connection: browsers try that once more by themselves.
    held.forEach((response) => response.writeHead(503).end())
    up = true
    await lab.page.goto(lab.origin + '/next')
    await lab.copiesArrive(2)
    await lab.quiet()

    expect(lab.copies().map(({ event_id }) => event_id)).toEqual(['mine', 'mine'])
    expect(await stored()).toBe('')
  })

  it('two tabs take over what a third has left, once', async () => {
    lab = await startLab()
    lab.put(PAGE, '/other')
    await lab.open('')
    await lab.page.evaluate(`
      localStorage.pixel_mirror_queue1 = JSON.stringify({ event_name: 'Lead', event_id: 'left', event_time: ${Math.floor(Date.now() / 1000)}, pixel_id: '1' })
      localStorage.pixel_mirror_queue2 = JSON.stringify({ event_name: 'Old', event_id: 'old', event_time: 1700000000, pixel_id: '1' })`)

    const tabs = await Promise.all([lab.context.newPage(), lab.context.newPage()])
    await Promise.all(tabs.map((tab) => tab.goto(lab.origin + '/other')))
    await lab.copiesArrive(1)
    await lab.quiet()

    expect(lab.copies().map(({ event_id }) => event_id)).toEqual(['left'])
    expect(await stored()).toBe('')
  })

  it('storage holds at most fifty events, the newest, and none that is very large', async () => {
    lab = await startLab({ collector: down })
    await lab.open(PAGE)
    // The collector is left in peace for as long as it can be, so that nothing more is on its way.
    await lab.page.evaluate(`window.random = Math.random; Math.random = () => 0.99`)
    await track('Lead')
    await lab.copiesArrive(1)
    await pause(300)

    await lab.page.evaluate(`Math.random = random`)
    await lab.page.evaluate(
      `for (let i = 0; i < 300; i++) fbq('track', 'AddToCart', { i, filling: 'x'.repeat(i % 10 ? 9 : 9000) })`,
    )
    lab.put('', '/next')
    await lab.page.goto(lab.origin + '/next')
    const kept = [...((await stored()) as string).matchAll(/"i":(\d+)/g)]
      .map(([, i]) => Number(i))
      .sort((a, b) => a - b)

    expect(kept).toEqual([...Array(50).keys()].map((i) => i + 250).filter((i) => i % 10))
  })

  it('a hidden page keeps what is on its way until it is answered', async () => {
    const held: (() => void)[] = []
    lab = await startLab({ collector: (...what) => void held.push(() => accept(...what)) })
    await lab.open(PAGE)
    await track('Lead')
    await track('Contact')
    await lab.copiesArrive(2)
    await hide(true)
    const kept = await stored()

    held.forEach((answer) => answer())
    await expect.poll(stored).toBe('')
    await hide(false)
    await lab.quiet()

    expect(kept).toContain('Lead')
    expect(kept).toContain('Contact')
    expect(lab.copies()).toHaveLength(2)
  })

  it('a page that is hidden for a moment does not send again what is on its way', async () => {
    const held: (() => void)[] = []
    lab = await startLab({ collector: (...what) => void held.push(() => accept(...what)) })
    await lab.open(PAGE)
    await track('Lead')
    await lab.copiesArrive(1)

    await hide(true)
    await hide(false)
    await lab.quiet()
    held.forEach((answer) => answer())
    await lab.quiet()

    expect(lab.copies()).toHaveLength(1)
    expect(await stored()).toBe('')
  })

  it('and the storage is full, what does not fit stays in memory', async () => {
    let up = false
    lab = await startLab({ collector: (...what) => (up ? accept(...what) : down(what[0], what[1])) })
    await lab.open(PAGE)
    await track('Lead')
    await lab.copiesArrive(1)
    await lab.page.evaluate(`
      let size = 5_200_000
      while (size > 300) try { localStorage.filling = (localStorage.filling ?? '') + 'x'.repeat(size) } catch { size >>= 1 }
      for (let i = 0; i < 20; i++) fbq('track', 'AddToCart', { i })`)

    await hide(true)
    await lab.quiet()
    up = true
    const before = lab.copies().length
    await hide(false)
    await lab.copiesArrive(before + 21)
    await lab.quiet()

    expect(
      new Set(
        lab
          .copies()
          .slice(before)
          .map(({ event_id }) => event_id),
      ).size,
    ).toBe(21)
    expect(lab.copies()).toHaveLength(before + 21)
    expect(lab.errors).toEqual([])
  })

  it('a hidden page stores what fails, and takes it back when it is seen again', async () => {
    let up = false
    lab = await startLab({ collector: (...what) => (up ? accept(...what) : down(what[0], what[1])) })
    await lab.open(PAGE)
    await track('Lead')
    await lab.copiesArrive(1)
    await pause(300)
    await hide(true)
    const kept = await stored()
    up = true
    const before = lab.batches.length

    await hide(false)
    await lab.copiesArrive(before + 1)

    expect(kept).toContain('Lead')
    expect(await stored()).toBe('')
  })
})

describe('a purchase that was reported before', () => {
  const BUY = `fbq('track', 'Purchase', { value: 1, currency: 'EUR', order_id: 'A-1' })`
  const thanks = (attributes = '') =>
    `<script src="/tracker.js" ${attributes}></script>${BASE_SNIPPET}<script>fbq('init', '1'); fbq('track', 'PageView'); ${BUY}</script>`

  it('is not reported again when its page is loaded again', async () => {
    lab = await startLab()
    await lab.open(thanks())
    await lab.hitsArrive(2)
    await lab.copiesArrive(2)

    await lab.page.reload()
    await lab.hitsArrive(3)
    await lab.quiet()

    expect(lab.hits.map(({ ev }) => ev)).toEqual(['PageView', 'Purchase', 'PageView'])
    expect(lab.copies().map(({ event_name }) => event_name)).toEqual(['PageView', 'Purchase', 'PageView'])
  })

  it('is reported where the guard is off, where the order is another one, and in parts on one page', async () => {
    lab = await startLab()
    await lab.open(thanks('data-repeat-guard="false"'))
    await lab.copiesArrive(2)
    await lab.page.reload()
    await lab.copiesArrive(4)
    await lab.open(thanks().replace(BUY, `${BUY.replace('A-1', 'B-2')}; ${BUY.replace('A-1', 'B-2')}`))
    await lab.copiesArrive(7)

    expect(lab.copies().filter(({ event_name }) => event_name === 'Purchase')).toHaveLength(4)
  })
})
