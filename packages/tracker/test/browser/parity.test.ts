import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { BASE_SNIPPET, closeBrowser, startLab, TAG_HERE, type Lab } from './lab.js'

const PIXEL = '1000000001'

let lab: Lab
afterEach(() => lab.close())
afterAll(closeBrowser)

/** The pixel has taken everything that it was told. */
const DRAINED = 'fbq.callMethod && !fbq.queue.length'

/** Runs a page's script with and without the tracker, and returns what the pixel sent each time, and the copies. */
async function withAndWithout(script: string, until = DRAINED) {
  const html = `${BASE_SNIPPET}<script>${script}</script>`
  lab = await startLab()
  await lab.open(html)
  await lab.page.waitForFunction(until)
  await lab.quiet()
  const without = lab.hits
  const errorsWithout = lab.errors
  await lab.close()

  lab = await startLab()
  await lab.open(TAG_HERE + html)
  await lab.page.waitForFunction(until)
  await lab.quiet()
  return { without, errorsWithout, hits: lab.hits, copies: lab.copies(), errors: lab.errors }
}

const said = (hits: Lab['hits']) => hits.map(({ says }) => says)

describe('the copy counts what the pixel counts', () => {
  it.each([
    [
      'one page view per page, however often it is told',
      `fbq('init','1');fbq('track','PageView');fbq('track','PageView');fbq('trackCustom','PageView')`,
    ],
    [
      'all of them, if the page allows it',
      `fbq.allowDuplicatePageViews=true;fbq('init','1');fbq('track','PageView');fbq('track','PageView')`,
    ],
    ['single page views always', `fbq('init','1');fbq('track','PageView');fbq('trackSingle','1','PageView')`],
    ['nothing before init', `fbq('track','Lead');fbq('init','1');fbq('track','Contact')`],
    [
      'nothing for pixels that are not inited',
      `fbq('init','1');fbq('trackSingle','2','Lead');fbq('trackSingle','1','Contact')`,
    ],
    [
      'nothing general for pixels that only take single events',
      `fbq('set','trackSingleOnly',true,'1');fbq('init','1');fbq('init','2');fbq('track','Lead');fbq('trackSingle','1','Contact')`,
    ],
    ['an init twice as one', `fbq('init','1');fbq('init','1');fbq('track','Lead')`],
    ['numbers as pixel ids', `fbq('init',1);fbq('track','Lead');fbq('trackSingle',1,'Contact')`],
    [
      'no command that it does not know',
      `fbq('init','1');fbq('fire',{});fbq('unheardOf',1);fbq('set','autoConfig',false,'1');fbq('track','Lead')`,
    ],
    [
      'what waits for consent, once there is one',
      `fbq('consent','revoke');fbq('init','1');fbq('track','Lead');setTimeout(()=>fbq('consent','grant'),200)`,
    ],
  ])('%s', async (_rule, script) => {
    const { without, hits, copies } = await withAndWithout(script)

    expect(said(hits)).toEqual(said(without))
    expect(copies.map(({ event_name, pixel_id, event_id }) => [event_name, pixel_id, event_id])).toEqual(
      hits.map(({ ev, id, eid }) => [ev, id, eid]),
    )
    expect(hits.every(({ eid }) => eid)).toBe(true)
  })
})

describe('an event id', () => {
  it.each([
    [`{ eventID: 'mine' }`, 'mine'],
    [`{ event_id: 'mine' }`, 'mine'],
    [`{ eventID: { eventID: 'mine' } }`, 'mine'],
    [`{ eventID: 17 }`, '17'],
    [`{ eventID: 'mine', other: 1 }`, 'mine'],
  ])('of the page is kept: %s', async (options, id) => {
    const { hits, copies } = await withAndWithout(`fbq('init','1');fbq('track','Lead',{},${options})`)

    expect([hits[0]?.eid, copies[0]?.event_id]).toEqual([id, id])
  })

  it.each(['undefined', 'null', '{}', `{ eventID: '' }`, `{ eventID: null }`, `'text'`, '17'])(
    'is made where the page has none: %s',
    async (options) => {
      const { hits, copies } = await withAndWithout(`fbq('init','1');fbq('track','Lead',{ value: 1 },${options})`)

      expect(hits[0]?.eid).toMatch(/^[0-9a-z]{15,30}$/)
      expect(copies[0]?.event_id).toBe(hits[0]?.eid)
    },
  )
})

describe('the page notices nothing', () => {
  it('but the ids: 10,000 random calls give the pixel the same', async () => {
    const random = `
      let seed = 20261124
      const random = (n) => (seed = (seed * 48271) % 2147483647) % n
      const any = (list) => list[random(list.length)]
      const value = () => any([undefined, null, 0, 1.5, '', 'text', true, [], ['a', 1], { a: { b: [1] } }, 'ünï', NaN])
      const data = () => any([undefined, null, 'text', {}, { value: 9, currency: 'EUR' }, { content_ids: ['a'], own: value() }, Object.freeze({ x: value() })])
      const name = () => any(['PageView', 'Lead', 'Purchase', 'Own event', '', 'x'.repeat(60), 'AddToCart'])
      const options = () => any([undefined, null, {}, { eventID: 'e' + random(99) }, { event_id: random(99) }, Object.freeze({ eventID: 'f' }), Object.freeze({})])
      const call = () => any([
        () => ['track', name(), data(), options()],
        () => ['trackCustom', name(), data(), options()],
        () => ['trackSingle', any(['1', '2', 3]), name(), data(), options()],
        () => ['trackSingleCustom', any(['1', '9']), name(), data(), options()],
        () => [['track', name(), data()]],
        () => ['track', name()],
        () => ['init', any(['1', '2']), data()],
        () => ['set', 'agent', 'x', '1'],
        () => ['dataProcessingOptions', any([[], ['LDU']]), any([0, 1]), any([0, 1000])],
        () => [value(), value()],
        () => [],
      ])()
      window.results = new Set()
      window.seen = []
      fbq('init', '1'); fbq('init', '2')
      const go = (n) => { while (n--) { const args = call(); const text = JSON.stringify(args); results.add(String(fbq(...args))); if (JSON.stringify(args) !== text) seen.push(text) } }
      go(1000)
      setTimeout(() => { go(9000); window.done = true }, 600)`
    // So many images would take minutes: what they would say is what counts.
    const before = `<script>
      window.said = []
      Object.defineProperty(Image.prototype, 'src', { set(url) {
        const query = new URL(url).searchParams; const id = query.get('eid'); query.delete('ts')
        if (!id || /^[0-9a-z]{15,}$/.test(id)) query.delete('eid')
        said.push(String(query)) } })
      window.__fbInternals = false
    </script>`
    const outcome = async (tag: string) => {
      lab = await startLab()
      await lab.open(`${before}${tag}${BASE_SNIPPET}<script>${random}</script>`)
      await lab.page.waitForFunction('window.done', undefined, { timeout: 60_000 })
      const seen = await lab.page.evaluate(
        `({ said: said.map((s) => s.replaceAll(location.port, '')), results: [...results], changed: seen, warnings: __fbWarnings,
            keys: Object.keys(fbq).sort() })`,
      )
      const { errors } = lab
      await lab.close()
      return { ...(seen as { said: string[] }), errors }
    }

    const without = await outcome('')
    const withIt = await outcome(
      `<script src="/tracker.js" data-page-views="false" data-repeat-guard="false"></script>`,
    )
    lab = await startLab()

    expect(without.said.length).toBeGreaterThan(3_000)
    expect(withIt).toEqual(without)
  })

  it('a hostile getter, a cycle, a BigInt: the pixel gets it all the same, and nothing more is thrown', async () => {
    const { without, errorsWithout, hits, copies, errors } = await withAndWithout(
      `
      fbq('init', '${PIXEL}')
      const cycle = {}; cycle.self = cycle
      for (const data of [{ get value() { throw new Error('no') } }, { cycle }, { big: 1n }, Object.freeze({ fine: 1 }),
        new Proxy({}, { get() { throw new Error('no') }, ownKeys() { throw new Error('no') } }), { toJSON() { throw new Error('no') } }])
        try { fbq('track', 'Lead', data) } catch (error) { window.thrown = true }
      for (const name of [{ toString() { throw new Error('no') } }, Symbol('Lead'), Object.create(null)])
        try { fbq('track', name); fbq(name, 'Lead') } catch (error) { window.thrown = true }
      fbq('track', 'Contact')`,
      'fbq.callMethod',
    )

    expect(said(hits)).toEqual(said(without))
    expect(copies.map(({ event_name }) => event_name)).toContain('Contact')
    expect(errors).toEqual(errorsWithout)
  })

  it('returns what fbq returns, and throws what it throws', async () => {
    lab = await startLab()

    await lab.open(`${TAG_HERE}<script>
      window.fbq = function (what) { if (what === 'boom') throw new Error('own'); return [this === window, ...arguments] }
      </script><script>window.got = window.fbq('a', 'b'); try { fbq('boom') } catch (error) { window.caught = error.message }</script>`)

    expect(await lab.page.evaluate('[got, caught]')).toEqual([[true, 'a', 'b'], 'own'])
  })

  it('hands an fbq of the page’s own its arguments as they are, where they are no event', async () => {
    lab = await startLab()

    await lab.open(`${TAG_HERE}<script>window.fbq = (...args) => JSON.stringify(args)</script>
      <script>window.got = [fbq(['a', 'b']), fbq(['init', '1']), fbq([]), fbq('x')]</script>`)

    expect(await lab.page.evaluate('got')).toEqual(['[["a","b"]]', '[["init","1"]]', '[[]]', '["x"]'])
  })

  it('goes from route to route, even where its fbq throws at everything', async () => {
    lab = await startLab()
    await lab.open(
      `${TAG_HERE}<script>window.fbq = () => { throw new Error('own') }; try { fbq('init', '1') } catch {}</script>`,
    )

    await lab.page.evaluate(`history.pushState({}, '', '/a'); history.pushState({}, '', '/b'); history.back()`)
    await lab.copiesArrive(3)

    expect(lab.errors).toEqual([])
  })

  it('finds in the queue its calls, and nothing else', async () => {
    lab = await startLab({ fbevents: 'is blocked' })

    await lab.open(`${TAG_HERE}${BASE_SNIPPET}<script>fbq('init', '1'); fbq('track', 'Lead')</script>`)

    expect(await lab.page.evaluate('Object.keys(fbq.queue)')).toEqual(['0', '1'])
  })

  it('sends with an event what can be sent of it', async () => {
    const { copies } = await withAndWithout(
      `fbq('init', '1'); const cycle = {}; cycle.self = cycle
      for (const odd of [7n, cycle, Symbol('x'), () => {}, undefined, new Date(0)])
        fbq('track', 'Purchase', { value: 1, currency: 'EUR', odd, [Symbol('key')]: 1 })`,
      'fbq.callMethod',
    )

    const money = { value: 1, currency: 'EUR' }
    const date = '1970-01-01T00:00:00.000Z'
    expect(copies.map(({ custom_data }) => custom_data)).toEqual([
      ...Array<object>(5).fill(money),
      { ...money, odd: date },
    ])
  })

  it('has the user data of the first init that brought any', async () => {
    const { copies } = await withAndWithout(
      `for (const user of [undefined, {}, [], { external_id: '7' }, { external_id: '8' }]) fbq('init', '1', user)
      fbq('track', 'Lead')`,
    )

    expect(copies[0]?.user_data?.external_id).toBe('7')
  })

  it('init may change the object it is given, and the copy has it as it was', async () => {
    const { copies } = await withAndWithout(
      `window.user = { em: 'Jane@Example.com' }; fbq('init', '1', user); fbq('track', 'Lead')`,
    )

    expect(await lab.page.evaluate('user.em')).toBe('jane@example.com')
    expect(copies[0]?.user_data?.em).toBe('Jane@Example.com')
  })
})
