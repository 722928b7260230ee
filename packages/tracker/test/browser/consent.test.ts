import { readFileSync } from 'node:fs'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { BASE_SNIPPET, closeBrowser, startLab, TAG_HERE, type Lab } from './lab.js'

const CALLS = `<script>fbq('init', '1'); fbq('track', 'PageView')</script>`
const tag = (attributes: string) => `<script src="/tracker.js" ${attributes}></script>`

let lab: Lab
afterEach(() => lab.close())
afterAll(closeBrowser)

/** What the page has left behind in the browser, and told anybody. */
async function traces() {
  await lab.quiet()
  const kept = await lab.page.evaluate(
    'document.cookie + JSON.stringify(localStorage) + JSON.stringify(sessionStorage)',
  )
  return { kept, sent: lab.batches.length, hits: lab.hits.length }
}
const NOTHING = { kept: '{}{}', sent: 0, hits: 0 }

describe('without consent nothing is sent, stored or written', () => {
  it.each([
    [
      'the page has revoked it before its calls',
      TAG_HERE + BASE_SNIPPET + `<script>fbq('consent', 'revoke')</script>` + CALLS,
    ],
    ['it is required', tag('data-consent-required') + BASE_SNIPPET + CALLS],
    ['it is required, and the tracker comes after the calls', BASE_SNIPPET + CALLS + tag('data-consent-required')],
    [
      'it is required by an option that waits for the tracker',
      `<script>window.tracker = { q: [['init', { consentRequired: true }]] }</script>${TAG_HERE}${BASE_SNIPPET}${CALLS}`,
    ],
    ['it is required, and the tracker sets the pixel up', tag('data-consent-required data-pixel-id="1"')],
  ])('%s', async (_case, html) => {
    lab = await startLab({ fbevents: 'loads late' })

    await lab.open(html, '/?fbclid=abc')
    const before = await traces()
    await lab.page.evaluate(
      `fbq('track', 'Purchase', { value: 1, currency: 'EUR', order_id: 'A' }, { eventID: 'mine' })`,
    )
    await lab.page.evaluate(`history.pushState({}, '', '/route'); dispatchEvent(new Event('visibilitychange'))`)
    const stillBefore = await traces()
    const waitedS = Math.floor(Date.now() / 1000)
    await lab.page.evaluate(`tracker.consent('grant')`)
    await lab.hitsArrive(2)
    const copies = await lab.copiesArrive(2)
    await lab.quiet()

    expect(before).toEqual(NOTHING)
    expect(stillBefore).toEqual(NOTHING)
    // The route is none of them: the pixel alone would not count it either, as it looks for routes only once it has sent something.
    expect(copies.map(({ event_id }) => event_id)).toEqual(lab.hits.map(({ eid }) => eid))
    expect(copies[1]).toMatchObject({ event_name: 'Purchase', event_id: 'mine' })
    expect(copies[0]!.event_time).toBeLessThanOrEqual(waitedS)
    expect(copies[0]!.user_data!.fbc).toMatch(/abc$/)
  })

  it('it is required, and the pixel was there long before the tracker', async () => {
    lab = await startLab()
    await lab.open(BASE_SNIPPET + `<script>fbq('init', '1')</script>`)
    await lab.page.waitForFunction('fbq.callMethod && !fbq.queue.length')
    await lab.page.evaluate(`new Promise((done) => {
      const script = document.createElement('script')
      Object.assign(script, { src: '/tracker.js', onload: done }).dataset.consentRequired = ''
      document.head.append(script)
    })`)
    await lab.page.evaluate(`fbq('track', 'Lead')`)
    const before = await traces()

    await lab.page.evaluate(`tracker.consent('grant')`)
    const copies = await lab.copiesArrive(1)
    await lab.hitsArrive(1)

    expect(before).toEqual(NOTHING)
    expect(copies[0]!.event_id).toBe(lab.hits[0]!.eid)
  })

  it('an fbq of the page’s own, which forwards its calls, is told so before any of them', async () => {
    lab = await startLab()

    await lab.open(`${tag('data-consent-required')}<script>
      window.own = []; window.fbq = (...args) => own.push(args); fbq('init', '1'); fbq('track', 'Lead')</script>`)

    expect(await lab.page.evaluate('own.map(([verb, what]) => `${verb} ${what}`)')).toEqual([
      'consent revoke',
      'init 1',
      'track Lead',
    ])
    expect(await traces()).toEqual(NOTHING)
  })

  it('a grant to the pixel is a grant to the copies', async () => {
    lab = await startLab()
    await lab.open(tag('data-consent-required') + BASE_SNIPPET + CALLS)
    const before = await traces()

    await lab.page.evaluate(`fbq('consent', 'grant')`)
    await lab.copiesArrive(1)

    expect(before).toEqual(NOTHING)
  })

  it('consent that is withdrawn stops both channels, and given again lets both go on', async () => {
    lab = await startLab()
    await lab.open(TAG_HERE + BASE_SNIPPET + CALLS)
    await lab.copiesArrive(1)
    await lab.hitsArrive(1)

    await lab.page.evaluate(`tracker.consent('revoke'); fbq('track', 'Lead')`)
    await lab.quiet()
    const withdrawn = [lab.copies().length, lab.hits.length]
    await lab.page.evaluate(`tracker.consent('grant')`)
    await lab.copiesArrive(2)
    await lab.hitsArrive(2)

    expect(withdrawn).toEqual([1, 1])
  })

  it('consent that comes before the pixel’s script does is consent all the same', async () => {
    lab = await startLab({ fbevents: 'loads late' })

    await lab.open(tag('data-consent-required') + BASE_SNIPPET + CALLS + `<script>tracker.consent('grant')</script>`)
    const copies = await lab.copiesArrive(1)
    await lab.hitsArrive(1)

    expect(copies[0]!.event_id).toBe(lab.hits[0]!.eid)
  })

  it('a word that is neither a grant nor a revoke changes nothing', async () => {
    lab = await startLab()

    await lab.open(TAG_HERE + BASE_SNIPPET + `<script>fbq('consent', 'maybe')</script>` + CALLS)

    await lab.copiesArrive(1)
    await lab.hitsArrive(1)
  })

  it('a purchase that was reported before is known as such, too, where consent comes after it', async () => {
    lab = await startLab()
    const buy = `fbq('track', 'Purchase', { value: 1, currency: 'EUR', order_id: 'A-1' })`
    const thanks = `${tag('data-consent-required')}${BASE_SNIPPET}${CALLS}<script>${buy}; setTimeout(() => tracker.consent('grant'), 200)</script>`
    await lab.open(thanks)
    await lab.copiesArrive(2)
    await lab.hitsArrive(2)

    await lab.page.reload()
    await lab.copiesArrive(3)
    await lab.hitsArrive(3)
    await lab.quiet()

    const names = ['PageView', 'Purchase', 'PageView']
    expect(lab.copies().map(({ event_name }) => event_name)).toEqual(names)
    expect(lab.hits.map(({ ev }) => ev)).toEqual(names)
  })

  it('what still waits when the page ends is forgotten', async () => {
    lab = await startLab()
    await lab.open(tag('data-consent-required') + BASE_SNIPPET + CALLS)
    await lab.quiet()
    lab.put('', '/next')

    await lab.page.goto(lab.origin + '/next')

    expect(await traces()).toEqual(NOTHING)
  })

  it('a tracker that finds a pixel locked waits for the pixel', async () => {
    lab = await startLab()
    await lab.open(`${BASE_SNIPPET}<script>fbq('consent', 'revoke')</script>${CALLS}`)
    await lab.page.waitForFunction('fbq.callMethod')
    await lab.page.addScriptTag({ url: '/tracker.js' })
    await lab.page.evaluate(`fbq('track', 'Lead')`)
    const before = await traces()

    await lab.page.evaluate(`fbq('consent', 'grant')`)
    await lab.hitsArrive(2)
    const copies = await lab.copiesArrive(2)

    expect(before).toEqual(NOTHING)
    expect(copies.map(({ event_id }) => event_id)).toEqual(lab.hits.map(({ eid }) => eid))
  })
})

describe('a visitor who opts out', () => {
  it('is left alone in both channels, on later pages too, until the objection is taken back', async () => {
    lab = await startLab()
    await lab.open(TAG_HERE + BASE_SNIPPET + CALLS)
    await lab.copiesArrive(1)
    // A reload ends what the pixel has on its way.
    await lab.hitsArrive(1)
    await lab.page.evaluate(`tracker.optOut(); fbq('track', 'Lead')`)
    await lab.page.reload()
    await lab.page.evaluate(`fbq('consent', 'grant'); fbq('track', 'Contact')`)
    await lab.quiet()
    const sent = [lab.copies().length, lab.hits.length]

    await lab.page.evaluate(`tracker.optOut(false)`)
    await lab.copiesArrive(3)
    await lab.hitsArrive(3)

    expect(sent).toEqual([1, 1])
  })

  it('has not consented where consent is required, only because there is no objection', async () => {
    lab = await startLab()
    await lab.open(tag('data-consent-required') + BASE_SNIPPET + CALLS)

    await lab.page.evaluate('tracker.optOut(false)')

    expect(await traces()).toEqual({ ...NOTHING, kept: '{"pixel_mirror_out":"false"}{}' })
  })

  const BUY = `('Purchase', { value: 1, currency: 'EUR', order_id: 'A' })`
  const SAYS = `${CALLS}<script>fbq('consent', 'grant'); fbq${BUY.replace('(', "('track', ")}</script>`

  it.each([
    ['the pixel’s script comes late', 'loads late', TAG_HERE + BASE_SNIPPET + SAYS],
    ['the pixel’s script is blocked', 'is blocked', TAG_HERE + BASE_SNIPPET + SAYS],
    ['the tracker comes after the pixel’s calls', 'loads late', BASE_SNIPPET + SAYS + TAG_HERE],
    [
      'the tracker sets the pixel up',
      'loads late',
      `${tag('data-pixel-id="1"')}<script>tracker.consent('grant'); tracker.track${BUY}</script>`,
    ],
    ['consent is required', 'loads late', tag('data-consent-required') + BASE_SNIPPET + SAYS],
  ] as const)('leaves no trace, whatever the page says, where %s', async (_where, fbevents, html) => {
    lab = await startLab({ fbevents })
    await lab.open(`<script>localStorage.pixel_mirror_out = 'true'</script>`)

    await lab.open(html)
    await lab.page.evaluate(`history.pushState({}, '', '/route')`)

    expect(await traces()).toEqual({ ...NOTHING, kept: '{"pixel_mirror_out":"true"}{}' })
  })
})

describe('Limited Data Use', () => {
  const LDU = { data_processing_options: ['LDU'], data_processing_options_country: 0, data_processing_options_state: 0 }

  it.each([
    ['the page’s own call', TAG_HERE + BASE_SNIPPET + `<script>fbq('dataProcessingOptions', ['LDU'], 0, 0)</script>`],
    ['the option', tag('data-limited-data-use') + BASE_SNIPPET],
    [
      'Global Privacy Control',
      `<script>Object.defineProperty(navigator, 'globalPrivacyControl', { value: true })</script>${TAG_HERE}${BASE_SNIPPET}`,
    ],
  ])('goes with every event of both channels: %s', async (_case, html) => {
    lab = await startLab()

    await lab.open(html + CALLS)
    const copies = await lab.copiesArrive(1)
    await lab.hitsArrive(1)

    expect(copies[0]).toMatchObject(LDU)
    expect(lab.hits[0]?.query.get('dpo')).toBe('LDU')
  })

  it('with a state is passed on as it is, and without one ignored as the pixel ignores it', async () => {
    lab = await startLab()

    await lab.open(`${TAG_HERE}${BASE_SNIPPET}<script>
      fbq('init', '1'); fbq('dataProcessingOptions', ['LDU'], 1); fbq('track', 'Lead')
      fbq('dataProcessingOptions', ['LDU'], 1, 1000); fbq('track', 'Contact')
      fbq('dataProcessingOptions', []); fbq('track', 'Schedule')</script>`)
    const copies = await lab.copiesArrive(3)

    expect(copies.map((copy) => [copy.data_processing_options, copy.data_processing_options_state])).toEqual([
      [undefined, undefined],
      [['LDU'], 1000],
      [[], undefined],
    ])
  })

  it.each([
    ['a cycle', `(() => { const list = []; list[0] = list; return list })(), 0, 0`],
    ['a BigInt', `['LDU'], 1n, 1000n`],
  ])('that cannot be sent stops nothing: %s', async (_what, args) => {
    lab = await startLab({ fbevents: 'is blocked' })
    await lab.open(TAG_HERE + BASE_SNIPPET + CALLS)
    await lab.copiesArrive(1)

    await lab.page.evaluate(`fbq('dataProcessingOptions', ${args})`)
    await lab.page.evaluate(`fbq('track', 'Lead')`)
    const copies = await lab.copiesArrive(2)

    expect(copies[1]!.event_name).toBe('Lead')
    expect(lab.errors).toEqual([])
  })

  it('is not read into Global Privacy Control where that is ignored', async () => {
    lab = await startLab()

    await lab.open(
      `<script>Object.defineProperty(navigator, 'globalPrivacyControl', { value: true })</script>
      ${tag('data-privacy-control="false"')}${BASE_SNIPPET}${CALLS}`,
    )
    const copies = await lab.copiesArrive(1)

    expect(copies[0]).not.toHaveProperty('data_processing_options')
  })
})

describe('the README’s lines for a consent banner', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const [tcf, consentMode] = [...readme.split('## Consent banners')[1]!.matchAll(/```js\n([^]*?)```/g)].map(
    ([, code]) => code!,
  )
  const html = (banner: string, lines: string) =>
    `<script>${banner}</script>${tag('data-consent-required')}<script>${lines}</script>${BASE_SNIPPET}${CALLS}`

  it('speak TCF v2', async () => {
    lab = await startLab()
    await lab.open(html('window.__tcfapi = (command, version, callback) => (window.tell = callback)', tcf!))
    await lab.page.evaluate(`tell({ eventStatus: 'cmpuishown', purpose: { consents: { 1: true, 4: true } } }, true)`)
    await lab.page.evaluate(`tell({ eventStatus: 'tcloaded', purpose: { consents: { 1: true } } }, true)`)
    const before = await traces()

    await lab.page.evaluate(
      `tell({ eventStatus: 'useractioncomplete', purpose: { consents: { 1: true, 4: true } } }, true)`,
    )
    await lab.copiesArrive(1)
    await lab.hitsArrive(1)

    expect(before).toEqual(NOTHING)
  })

  it('speak Google’s consent mode, whatever else is told there', async () => {
    lab = await startLab()
    const gtag = `window.dataLayer = []; function gtag() { dataLayer.push(arguments) }
      gtag('consent', 'default', { ad_storage: 'denied', ad_user_data: 'denied' }); dataLayer.push({ event: 'gtm.js' })`
    await lab.open(html(gtag, consentMode!))
    await lab.page.evaluate(`dataLayer.push({ event: 'own' }); gtag('consent', 'update', { ad_storage: 'granted' })`)
    const before = await traces()

    await lab.page.evaluate(`gtag('consent', 'update', { ad_user_data: 'granted' })`)
    await lab.copiesArrive(1)
    await lab.hitsArrive(1)

    expect(before).toEqual(NOTHING)
    expect(lab.errors).toEqual([])
    expect(await lab.page.evaluate('dataLayer.length')).toBe(5)
  })
})
