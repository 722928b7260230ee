import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { BASE_SNIPPET, closeBrowser, pause, startLab, TAG_HERE, type Lab } from './lab.js'

const CALLS = `<script>fbq('init', '1'); fbq('track', 'PageView')</script>`

let lab: Lab
afterEach(() => lab.close())
afterAll(closeBrowser)

const paths = () => lab.copies().map(({ event_name, event_source_url }) => `${event_name} ${path(event_source_url)}`)
const path = (url = '') => url.replace(lab.origin, '')

/** Both channels say the same page views, in the same order, with the same ids. */
async function expectSharedPageViews(expected: string[]) {
  await lab.copiesArrive(expected.length)
  await lab.hitsArrive(expected.length)
  await lab.quiet()
  expect(paths()).toEqual(expected.map((where) => `PageView ${where}`))
  expect(lab.hits.map(({ ev, query }) => `${ev} ${path(query.get('dl')!)}`)).toEqual(paths())
  expect(lab.copies().map(({ event_id }) => event_id)).toEqual(lab.hits.map(({ eid }) => eid))
  expect(new Set(lab.hits.map(({ eid }) => eid)).size).toBe(expected.length)
}

describe('a single-page app', () => {
  it('counts each new address, whichever way it came, with one id in both channels', async () => {
    lab = await startLab()
    await lab.open(TAG_HERE + BASE_SNIPPET + CALLS)
    await lab.hitsArrive(1)

    for (const step of [
      `history.pushState({}, '', '/a')`,
      `history.replaceState({}, '', '/b')`,
      `history.pushState({}, '', '/b')`,
      `location.hash = 'part'`,
      `history.back()`,
    ]) {
      await lab.page.evaluate(step)
      await pause(150)
    }

    await expectSharedPageViews(['/', '/a', '/b', '/b#part', '/b'])
  })

  it.each([
    ['the pixel alone', ''],
    ['the pixel and the tracker', TAG_HERE],
  ])('counts no address that was seen while consent was withdrawn, as the pixel counts none: %s', async (_who, tag) => {
    lab = await startLab()
    await lab.open(tag + BASE_SNIPPET + CALLS)
    await lab.hitsArrive(1)

    for (const step of [
      `fbq('consent', 'revoke')`,
      `history.pushState({}, '', '/withdrawn')`,
      `fbq('consent', 'grant')`,
      `history.pushState({}, '', '/a')`,
    ])
      await lab.page.evaluate(step)
    await lab.hitsArrive(2)
    await lab.quiet()

    expect(lab.hits.map(({ query }) => path(query.get('dl')!))).toEqual(['/', '/a'])
    expect(paths()).toEqual(tag ? ['PageView /', 'PageView /a'] : [])
  })

  it('that tells the pixel of its routes itself is counted once for each', async () => {
    lab = await startLab()
    await lab.open(TAG_HERE + BASE_SNIPPET + CALLS)
    await lab.hitsArrive(1)

    await lab.page.evaluate(`history.pushState({}, '', '/a'); fbq('track', 'PageView')`)

    await expectSharedPageViews(['/', '/a'])
  })

  it('that has switched the pixel’s page views off keeps them off', async () => {
    lab = await startLab()
    await lab.open(
      `${TAG_HERE}${BASE_SNIPPET}<script>fbq.disablePushState = true; fbq.allowDuplicatePageViews = true</script>${CALLS}`,
    )
    await lab.hitsArrive(1)

    await lab.page.evaluate(`history.pushState({}, '', '/a')`)
    await pause(100)
    await lab.page.evaluate(`history.pushState({}, '', '/b'); fbq('track', 'PageView')`)

    await expectSharedPageViews(['/', '/b'])
  })

  it('keeps the pixel’s own page views where ours are switched off: they are mirrored as they leave', async () => {
    lab = await startLab()
    await lab.open(TAG_HERE.replace('src', 'data-page-views="false" src') + BASE_SNIPPET + CALLS)
    await lab.hitsArrive(1)

    await lab.page.evaluate(`history.pushState({}, '', '/a')`)

    await expectSharedPageViews(['/', '/a'])
    expect(await lab.page.evaluate('fbq.disablePushState')).toBeUndefined()
  })

  it('whose pixel had begun before us keeps the pixel’s own page views', async () => {
    lab = await startLab()
    await lab.open(BASE_SNIPPET + CALLS)
    await lab.hitsArrive(1)
    await lab.page.addScriptTag({ url: '/tracker.js' })
    await lab.copiesArrive(1)

    await lab.page.evaluate(`history.pushState({}, '', '/a')`)
    await lab.copiesArrive(2)
    await lab.quiet()

    expect(paths()).toEqual(['PageView /', 'PageView /a'])
    expect(lab.hits).toHaveLength(2)
    expect(lab.copies()[1]?.event_id).toBe(lab.hits[1]?.eid)
  })

  it('is counted in the copies alone where the pixel is blocked', async () => {
    lab = await startLab({ fbevents: 'is blocked' })
    await lab.open(TAG_HERE + BASE_SNIPPET + CALLS)
    await lab.copiesArrive(1)

    await lab.page.evaluate(`history.pushState({}, '', '/a')`)
    await lab.copiesArrive(2)

    expect(paths()).toEqual(['PageView /', 'PageView /a'])
  })

  it('can say for itself what a page view is', async () => {
    lab = await startLab()
    await lab.open(TAG_HERE + BASE_SNIPPET + CALLS)
    await lab.hitsArrive(1)

    await lab.page.evaluate('tracker.pageView()')

    await expectSharedPageViews(['/', '/'])
  })
})

describe('the pixel’s own automatic events', () => {
  it('get an id as they leave, and a copy with the same', async () => {
    lab = await startLab()
    await lab.open(TAG_HERE + BASE_SNIPPET + CALLS)
    await lab.hitsArrive(1)

    await lab.page.evaluate(`__fbAutomatic('SubscribedButtonClick', { buttonText: 'Buy' })`)
    await lab.copiesArrive(2)
    await lab.hitsArrive(2)

    expect(lab.copies()[1]).toMatchObject({
      event_name: 'SubscribedButtonClick',
      event_id: lab.hits[1]?.eid,
      custom_data: { buttonText: 'Buy' },
    })
  })

  it.each([
    ['where they are switched off', TAG_HERE.replace('src', 'data-automatic-events="false" src')],
    ['where the library has no such internals', '<script>window.__fbInternals = false</script>' + TAG_HERE],
  ])('stay as they are %s', async (_where, tag) => {
    lab = await startLab()
    await lab.open(tag + BASE_SNIPPET + CALLS)
    await lab.hitsArrive(1)

    await lab.page.evaluate(`__fbAutomatic('SubscribedButtonClick', {})`)
    await lab.hitsArrive(2)
    await lab.quiet()

    expect(lab.hits[1]?.eid).toBeNull()
    expect(lab.copies()).toHaveLength(1)
  })
})

describe('a pixel that nobody has inited before our eyes', () => {
  it('has its automatic events all the same, with a copy', async () => {
    lab = await startLab()
    await lab.open(TAG_HERE + BASE_SNIPPET + CALLS)
    await lab.hitsArrive(1)

    await lab.page.evaluate(
      `fbq.getState().pixels.push({ id: '2', eventCount: 0 }); __fbAutomatic('SubscribedButtonClick', {})`,
    )
    await lab.hitsArrive(3)
    const copies = await lab.copiesArrive(3)

    expect(copies.map(({ pixel_id, event_id }) => [pixel_id, event_id])).toEqual(
      lab.hits.map(({ id, eid }) => [id, eid]),
    )
  })
})

describe('a page that comes back from the back/forward cache', () => {
  // No browser of a test keeps pages there; the page cannot tell this event from a real one.
  const comeBack = `dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))`

  it('is a page view, with one id in both channels', async () => {
    lab = await startLab()
    await lab.open(TAG_HERE + BASE_SNIPPET + CALLS)
    await lab.hitsArrive(1)

    await lab.page.evaluate(comeBack)

    await expectSharedPageViews(['/', '/'])
  })

  it('is one in the copies alone where the pixel is blocked', async () => {
    lab = await startLab({ fbevents: 'is blocked' })
    await lab.open(TAG_HERE + BASE_SNIPPET + CALLS)
    await lab.copiesArrive(1)

    await lab.page.evaluate(comeBack)
    await lab.copiesArrive(2)
    await lab.quiet()

    expect(paths()).toEqual(['PageView /', 'PageView /'])
  })
})

describe('a page that is prerendered', () => {
  it('sends nothing until it is shown', async () => {
    lab = await startLab()
    await lab.page.addInitScript(() => {
      Object.defineProperty(document, 'prerendering', { configurable: true, value: true })
      Object.defineProperty(document, 'hidden', { configurable: true, value: true })
    })
    await lab.open(TAG_HERE + BASE_SNIPPET + CALLS)
    await lab.hitsArrive(1)
    await lab.quiet()
    const before = lab.batches.length
    await lab.page.evaluate(() => {
      Object.defineProperty(document, 'prerendering', { configurable: true, value: false })
      Object.defineProperty(document, 'hidden', { configurable: true, value: false })
      document.dispatchEvent(new Event('visibilitychange'))
    })
    await lab.copiesArrive(1)

    expect(before).toBe(0)
    expect(await lab.page.evaluate('document.cookie')).toContain('_fbp=')
  })
})
