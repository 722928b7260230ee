import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { BASE_CODE, BASE_SNIPPET, closeBrowser, startLab, TAG, TAG_HERE, type Lab } from './lab.js'

const CALLS = `<script>fbq('init', '1'); fbq('track', 'PageView')</script>`

let lab: Lab
afterEach(() => lab.close())
afterAll(closeBrowser)

describe('the browser’s and the click’s id', () => {
  it.each([
    ['http://example.com', 'fb.1.', '.example.com'],
    ['http://www.example.com', 'fb.1.', '.example.com'],
    ['http://shop.example.co.uk', 'fb.2.', '.example.co.uk'],
    ['http://someone.github.io', 'fb.2.', '.someone.github.io'],
    ['http://192.0.2.7', 'fb.3.', '192.0.2.7'],
    ['http://localhost', 'fb.0.', 'localhost'],
  ])('are written for the registrable domain of %s', async (origin, begin, domain) => {
    lab = await startLab({ fbevents: 'is blocked' })
    await lab.alsoAs(origin)
    lab.put(TAG_HERE + BASE_SNIPPET + CALLS)

    await lab.page.goto(`${origin}/?fbclid=IwAR0_a-B`)
    const copies = await lab.copiesArrive(1)

    const { fbp, fbc } = copies[0]!.user_data!
    const cookies = await lab.context.cookies(origin)
    expect(cookies.map((cookie) => [cookie.name, cookie.value, cookie.domain]).sort()).toEqual([
      ['_fbc', fbc, domain],
      ['_fbp', fbp, domain],
    ])
    expect(fbp!.startsWith(begin)).toBe(true)
    expect(fbc).toMatch(/^fb\.\d\.\d{13}\.IwAR0_a-B$/)
    expect(cookies[0]!.expires).toBeGreaterThan(Date.now() / 1000 + 89 * 86_400)
    expect(cookies.every(({ httpOnly }) => !httpOnly)).toBe(true)
  })

  it.each([
    ['a cookie of the pixel’s', 'fb.0.1700000000000.123456789'],
    ['one with an appendix', 'fb.0.1700000000000.123456789.AQYCAQMB'],
  ])('are left as they are: %s', async (_which, value) => {
    lab = await startLab()
    await lab.context.addCookies([{ name: '_fbp', value, url: lab.origin }])

    await lab.open(TAG + BASE_SNIPPET + CALLS)
    const copies = await lab.copiesArrive(1)

    expect(copies[0]!.user_data!.fbp).toBe(value)
  })

  it('a new click replaces an older one, the same one keeps its time', async () => {
    lab = await startLab()
    const clicked = async (id: string) => {
      const before = lab.copies().length
      await lab.open(TAG + BASE_SNIPPET + CALLS, `/?fbclid=${id}`)
      return (await lab.copiesArrive(before + 1))[before]!.user_data!.fbc
    }

    const [once, again, part] = [await clicked('one'), await clicked('one'), await clicked('on')]
    const [other, broken] = [await clicked('TWO_aem_x'), await clicked('x.y')]
    const hostile = await clicked('x%3B%20path%3D/elsewhere')

    expect(again).toBe(once)
    expect(part).toMatch(/\.on$/)
    expect(other).toMatch(/\.TWO_aem_x$/)
    expect([broken, hostile]).toEqual([other, other])
  })

  it('of a click that is known keep their appendix', async () => {
    lab = await startLab()
    const value = 'fb.0.1700000000000.click.AQYCAQMB'
    await lab.context.addCookies([{ name: '_fbc', value, url: lab.origin }])

    await lab.open(TAG + BASE_SNIPPET + CALLS, '/?fbclid=click')
    const copies = await lab.copiesArrive(1)

    expect(copies[0]!.user_data!.fbc).toBe(value)
  })

  it('live in memory where the page has no cookies', async () => {
    lab = await startLab()
    await lab.page.addInitScript(() =>
      Object.defineProperty(Document.prototype, 'cookie', { get: () => '', set() {}, configurable: true }),
    )

    await lab.open(TAG + BASE_SNIPPET + CALLS, '/?fbclid=abc')
    await lab.copiesArrive(1)
    await lab.page.evaluate(`setTimeout(() => fbq('track', 'Lead'), 100)`)
    const [once, again] = await lab.copiesArrive(2)

    expect(once!.user_data!.fbp).toMatch(/^fb\.1\.\d{13}\.\d+$/)
    expect(again!.user_data).toEqual(once!.user_data)
  })
})

describe('a page that gives it nothing', () => {
  it('gets its start all the same for next to nothing: no storage and no cookie is touched before there is something to send', async () => {
    lab = await startLab()
    await lab.page.addInitScript(`window.touched = []
      for (const [name, owner] of [['localStorage', window], ['cookie', Document.prototype]]) {
        const { get, set } = Object.getOwnPropertyDescriptor(owner, name)
        const touch = (method) => method && function (...args) { touched.push(name); return method.apply(this, args) }
        Object.defineProperty(owner, name, { configurable: true, get: touch(get), set: touch(set) })
      }`)

    await lab.open(`${TAG_HERE}<script>window.atStart = [...touched]</script>${BASE_SNIPPET}${CALLS}`, '/?fbclid=abc')
    await lab.copiesArrive(1)

    expect(await lab.page.evaluate('atStart')).toEqual([])
    expect(new Set(await lab.page.evaluate<string[]>('touched'))).toEqual(new Set(['localStorage', 'cookie']))
  })

  it.each([
    [
      'no storage',
      `Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError') } })`,
    ],
    [
      'no cookies',
      `Object.defineProperty(Document.prototype, 'cookie', { get() { throw new DOMException('no', 'SecurityError') }, set() { throw new DOMException('no', 'SecurityError') } })`,
    ],
    [
      'no locks',
      `Object.defineProperty(navigator, 'locks', { value: { request: () => Promise.reject(new DOMException('no', 'SecurityError')) } })`,
    ],
    [
      'things of its own on all objects',
      `Object.prototype.own = 1; Object.prototype.ownMethod = function () {}; Array.prototype.own = 'x'`,
    ],
    ['frozen built-ins', `Object.freeze(Array.prototype); Object.freeze(Object.prototype); Object.freeze(history)`],
  ])('still has its events mirrored, and no error: %s', async (_what, script) => {
    lab = await startLab()

    await lab.open(`<script>${script}</script>${TAG_HERE}${BASE_SNIPPET}${CALLS}`)
    const copies = await lab.copiesArrive(1)
    await lab.hitsArrive(1)
    await lab.page.evaluate(`dispatchEvent(new Event('visibilitychange'))`)
    await lab.quiet()

    expect(copies).toHaveLength(1)
    expect(copies[0]!.event_id).toBe(lab.hits[0]!.eid)
    expect(lab.errors).toEqual([])
  })

  it('but things on all objects keeps its cookies', async () => {
    lab = await startLab()

    await lab.open(`<script>Object.prototype.own = 1</script>${TAG_HERE}${BASE_SNIPPET}${CALLS}`)
    const copies = await lab.copiesArrive(1)

    expect(await lab.page.evaluate('document.cookie')).toBe(`_fbp=${copies[0]!.user_data!.fbp}`)
  })

  it('and a sandboxed frame without an origin is no trouble either', async () => {
    lab = await startLab()
    lab.put(TAG_HERE + BASE_SNIPPET + CALLS, '/frame', { 'access-control-allow-origin': '*' })

    await lab.open(`<iframe sandbox="allow-scripts" src="/frame"></iframe>`)
    await lab.hitsArrive(1)
    await lab.quiet()

    expect(lab.errors).toEqual([])
  })

  it('a strict Content-Security-Policy with a nonce is enough', async () => {
    lab = await startLab()
    lab.put(
      `<script nonce="n1" src="/tracker.js"></script><script nonce="n1">${BASE_CODE};fbq('init', '1'); fbq('track', 'PageView')</script>`,
      '/',
      {
        'content-security-policy':
          "default-src 'none'; script-src 'nonce-n1' https://connect.facebook.net; img-src https://www.facebook.com; connect-src 'self'",
      },
    )

    await lab.page.goto(lab.origin)
    const copies = await lab.copiesArrive(1)
    await lab.hitsArrive(1)

    expect(copies[0]!.event_id).toBe(lab.hits[0]!.eid)
    expect(lab.errors).toEqual([])
  })
})

describe('a page that demands Trusted Types', () => {
  it('keeps out the pixel that the tracker would set up, and nothing else', async () => {
    lab = await startLab()
    lab.put(`<script src="/tracker.js" data-pixel-id="1"></script>`, '/', {
      'content-security-policy': `require-trusted-types-for 'script'`,
    })

    await lab.page.goto(lab.origin)
    const copies = await lab.copiesArrive(1)

    expect(copies[0]).toMatchObject({ event_name: 'PageView', pixel_id: '1', mirror: { pixel: 'blocked' } })
    expect(lab.errors).toEqual([])
  })
})

describe('the tracker’s own calls', () => {
  const STUB = `<script>
    window.tracker ??= new Proxy({ q: [] }, {
      get: (stub, name) => stub[name] ?? ((...args) => void stub.q.push([name, ...args]))
    })
  </script>`

  it('wait in the stub until it has loaded, and for the pixel after that', async () => {
    lab = await startLab()

    await lab.open(`${STUB}<script>
      tracker.identify({ em: 'jane@example.com' })
      tracker.track('Lead', { value: 1, currency: 'EUR' }, { eventID: 'mine', userData: { external_id: '7' } })
      tracker.trackCustom('Own', { a: 1 }, { pixelId: '2' })
      </script>${TAG}${BASE_SNIPPET}<script>fbq('init', '1'); fbq('init', '2')</script>`)
    const copies = await lab.copiesArrive(3)
    await lab.hitsArrive(3)

    expect(copies.map(({ event_name, event_id, pixel_id }) => [event_name, event_id, pixel_id])).toEqual(
      lab.hits.map(({ ev, eid, id }) => [ev, eid, id]),
    )
    expect(copies.map(({ event_name, pixel_id }) => `${event_name} ${pixel_id}`)).toEqual(['Lead 1', 'Lead 2', 'Own 2'])
    expect(copies[0]).toMatchObject({ event_id: 'mine', user_data: { em: 'jane@example.com', external_id: '7' } })
    expect(copies[2]!.user_data).not.toHaveProperty('external_id')
  })

  it('return the event’s id at once', async () => {
    lab = await startLab()
    await lab.open(TAG_HERE + BASE_SNIPPET + CALLS)

    const id = await lab.page.evaluate(`tracker.track('Lead')`)
    await lab.copiesArrive(2)

    expect(lab.copies()[1]).toMatchObject({ event_name: 'Lead', event_id: id })
  })

  it('never throw, whatever they are given', async () => {
    // The pixel itself does throw when it looks into some of this.
    lab = await startLab({ fbevents: 'is blocked' })
    await lab.open(TAG_HERE + BASE_SNIPPET + CALLS)
    await lab.copiesArrive(1)

    await lab.page.evaluate(`
      const hostile = new Proxy({}, { get() { throw new Error('no') }, ownKeys() { throw new Error('no') } })
      for (const name of Object.keys(tracker).filter((name) => typeof tracker[name] === 'function'))
        for (const args of [[], [null], [hostile], ['Lead', hostile, hostile], [undefined, null, null], [Symbol('x')], ['sent', () => { throw new Error('own') }]])
          Promise.resolve(tracker[name](...args)).catch((error) => window.failed = error)
      tracker.optOut(false); tracker.init({ collectorUrl: '/events' })
      fbq('track', 'Contact')`)
    await lab.quiet()

    expect(lab.errors).toEqual([])
    expect(await lab.page.evaluate('window.failed')).toBeUndefined()
  })

  it('init() sets the pixel up on a page that has been read long ago, once', async () => {
    lab = await startLab()
    await lab.open(TAG_HERE)

    await lab.page.evaluate(`tracker.init({ pixelId: '1' }); tracker.init({ pixelId: '1' }); tracker.track('Lead')`)
    const copies = await lab.copiesArrive(2)
    await lab.hitsArrive(2)
    await lab.quiet()

    expect(copies.map(({ event_name }) => event_name)).toEqual(['PageView', 'Lead'])
    expect(copies.map(({ event_id }) => event_id)).toEqual(lab.hits.map(({ eid }) => eid))
  })

  it('flush() resolves when the collector has answered', async () => {
    lab = await startLab()
    await lab.open(TAG_HERE + BASE_SNIPPET + CALLS)
    await lab.copiesArrive(1)

    await lab.page.evaluate(`tracker.track('Lead'); tracker.flush()`)

    expect(lab.copies()).toHaveLength(2)
  })

  it('live under another name, and leave what is there alone', async () => {
    lab = await startLab()

    await lab.open(`<script>window.tracker = { track: () => 'theirs' }</script>
      <script src="/tracker.js" data-global-name="mirror"></script><script src="/tracker.js"></script>`)

    expect(await lab.page.evaluate('[tracker.track(), typeof mirror.track]')).toEqual(['theirs', 'function'])
  })
})

describe('debug mode', () => {
  it.each(['/?pixel_mirror_debug', '/'])(
    'says what became of each event, and what was probably not meant: %s',
    async (path) => {
      lab = await startLab({
        collector: (_request, response) =>
          response.end(JSON.stringify({ events_received: 0, rejected: [{ index: 0, message: 'Give the currency.' }] })),
      })

      await lab.open(
        TAG_HERE +
          BASE_SNIPPET +
          `<script>${path === '/' ? 'tracker.debug()' : ''}
      fbq('track', 'Lead'); fbq('init', '1'); fbq('track', 'Purchase', { value: 1 })</script>`,
        path,
      )
      await lab.copiesArrive(1)
      await lab.quiet()

      expect(lab.console.join('\n')).toMatch(/Lead before init/)
      expect(lab.console.join('\n')).toMatch(/rejected .*Purchase.*Give the currency/s)
    },
  )

  it('is silent otherwise', async () => {
    lab = await startLab()

    await lab.open(
      TAG_HERE + BASE_SNIPPET + `<script>fbq('track', 'Lead'); fbq('init', '1'); fbq('track', 'Contact')</script>`,
    )
    await lab.copiesArrive(1)

    expect(lab.console).toEqual([])
  })
})
