import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { BASE_CODE, BASE_SNIPPET, closeBrowser, startLab, TAG, TAG_HERE, type Lab, type LabOptions } from './lab.js'

const PIXEL = '1000000001'
const EVENTS = `fbq('init', '${PIXEL}'); fbq('track', 'PageView'); fbq('track', 'Lead', { value: 1 });`
const CALLS = `<script>${EVENTS}</script>`
const SECOND_LATER = `<script>setTimeout(() => fbq('track', 'Contact'), 700)</script>`
const later = (html: string, ms = 250) =>
  `<script>setTimeout(() => {
    const parts = document.createRange().createContextualFragment(${JSON.stringify(html).replaceAll('</', '<\\/')})
    document.head.append(parts)
  }, ${ms})</script>`

/** What React components and half of the web carry: no guard, and the properties come after the assignment. */
const UNGUARDED = `<script>
  window.fbq = function () { window.fbq.callMethod ? window.fbq.callMethod.apply(window.fbq, arguments) : window.fbq.queue.push(arguments) }
  if (!window._fbq) window._fbq = window.fbq
  window.fbq.push = window.fbq; window.fbq.loaded = true; window.fbq.version = '2.0'; window.fbq.queue = []
  const s = document.createElement('script'); s.src = 'https://connect.facebook.net/en_US/fbevents.js'; document.head.append(s)
</script>`

/** As Google's tag template does it: looks everything up by its path at the call, knows no \`this\`, and makes the queue last. */
const TAG_MANAGER = `<script>
  const callFbq = (...args) => window.fbq.callMethod ? window.fbq.callMethod.apply(null, args) : window.fbq.queue.push(args)
  window.fbq = callFbq
  window._fbq = window._fbq || window.fbq
  window.fbq.push = callFbq; window.fbq.loaded = true; window.fbq.version = '2.0'; window.fbq.queue = []
  const s = document.createElement('script'); s.src = 'https://connect.facebook.net/en_US/fbevents.js'; document.head.append(s)
</script>`

/** A logger that puts itself in front of \`fbq\`, as many do. */
const NAIVE_WRAPPER = `<script>
  const original = window.fbq
  window.fbq = function () { window.logged = (window.logged || 0) + 1; return original.apply(this, arguments) }
  for (const key in original) window.fbq[key] = original[key]
</script>`

const FOREIGN_ACCESSOR = `<script>
  let kept = window.fbq
  Object.defineProperty(window, 'fbq', {
    configurable: true,
    get: () => kept,
    set: (value) => Object.defineProperty(window, 'fbq', { configurable: true, writable: true, value }),
  })
</script>`

interface Order extends LabOptions {
  title: string
  html: string
  events?: string[]
  /** Whether Meta's script complains about the page, with us or without. */
  warns?: boolean
  /** Where Meta's script has no part in it. */
  pixel?: 'blocked' | 'absent'
}

const ORDERS: Order[] = [
  { title: 'the tag stands before the base snippet', html: TAG_HERE + BASE_SNIPPET + CALLS },
  { title: 'the tag stands before it, asynchronously', html: TAG + BASE_SNIPPET + CALLS },
  { title: 'the tag stands after the base snippet', html: BASE_SNIPPET + TAG_HERE + CALLS },
  { title: 'the tag stands after the calls', html: BASE_SNIPPET + CALLS + TAG_HERE, fbevents: 'loads late' },
  { title: 'the base snippet is injected late', html: TAG_HERE + later(BASE_SNIPPET + CALLS) },
  { title: 'the base snippet stands there twice', html: TAG_HERE + BASE_SNIPPET + CALLS + BASE_SNIPPET },
  { title: 'the tracker is loaded twice', html: TAG_HERE + BASE_SNIPPET + TAG_HERE + CALLS + TAG },
  { title: 'the stub is an unguarded one', html: TAG_HERE + UNGUARDED + CALLS },
  { title: 'an unguarded stub was there first', html: UNGUARDED + TAG_HERE + CALLS },
  { title: 'a tag manager makes the stub', html: TAG_HERE + TAG_MANAGER + CALLS },
  {
    title: 'a consent tool edits the queue of such a stub',
    html: `${TAG_HERE}${TAG_MANAGER}${CALLS}<script>fbq.queue = fbq.queue.filter(([, name]) => name !== 'Nothing')</script>`,
  },
  {
    title: 'calls go through an old reference',
    html: `${TAG_HERE}${BASE_SNIPPET}<script>const f = fbq</script>${CALLS.replaceAll('fbq(', 'f(')}
      <script>setTimeout(() => f('track', 'Contact'), 700)</script>`,
    events: ['PageView', 'Lead', 'Contact'],
  },
  {
    title: 'calls go through _fbq and fbq.push, old style',
    html: `${TAG_HERE}${BASE_SNIPPET}<script>
      _fbq('init', '${PIXEL}'); _fbq.push(['track', 'PageView']); fbq.push('track', 'Lead')</script>`,
  },
  {
    title: 'another script has put a wrapper in front of fbq',
    html: TAG_HERE + BASE_SNIPPET + NAIVE_WRAPPER + CALLS + SECOND_LATER,
    warns: true,
    events: ['PageView', 'Lead', 'Contact'],
  },
  {
    title: 'such a wrapper comes before the tracker',
    html: BASE_SNIPPET + NAIVE_WRAPPER + TAG_HERE + CALLS + SECOND_LATER,
    warns: true,
    events: ['PageView', 'Lead', 'Contact'],
  },
  { title: 'another script has its own accessor on fbq', html: FOREIGN_ACCESSOR + TAG_HERE + BASE_SNIPPET + CALLS },
  { title: 'another accessor comes after ours', html: TAG_HERE + FOREIGN_ACCESSOR + TAG + BASE_SNIPPET + CALLS },
  {
    title: 'the library is loaded twice',
    warns: true,
    html: `${TAG_HERE}${BASE_SNIPPET}${CALLS}${SECOND_LATER}
      ${later('<script src="https://connect.facebook.net/en_US/fbevents.js"></script>')}<script>
      setTimeout(() => fbq('init', '${PIXEL}'), 600)</script>`,
    events: ['PageView', 'Lead', 'Contact'],
  },
  {
    title: 'a consent tool edits the queue',
    html: `${TAG_HERE}${BASE_SNIPPET}${CALLS}<script>
      fbq.queue = fbq.queue.filter(([, name]) => name !== 'Nothing'); fbq.queue.unshift(['consent', 'revoke'])
      setTimeout(() => fbq('consent', 'grant'), 600)</script>`,
  },
  {
    title: 'the library was there first, and has sent events',
    html: BASE_SNIPPET + CALLS + later(TAG, 500) + `<script>setTimeout(() => fbq('track', 'Contact'), 1200)</script>`,
    events: ['PageView', 'Lead', 'Contact'],
  },
  {
    title: 'the library was there first, and waits for its configuration',
    html: `${BASE_SNIPPET}<script>
      const watch = setInterval(() => { if (!fbq.callMethod) return; clearInterval(watch); ${EVENTS}
      const s = document.createElement('script'); s.src = '/tracker.js'; document.head.append(s) }, 5)</script>`,
  },
  { title: 'the pixel script is blocked', html: TAG + BASE_SNIPPET + CALLS, fbevents: 'is blocked', pixel: 'blocked' },
  { title: 'it is replaced by an empty one', html: TAG + BASE_SNIPPET + CALLS, fbevents: 'is empty', pixel: 'blocked' },
  {
    title: 'it was blocked before the tracker came',
    html: BASE_SNIPPET + CALLS + later(TAG),
    fbevents: 'is blocked',
    pixel: 'blocked',
  },
  {
    title: 'the page has no snippet: the tracker sets the pixel up',
    html: `<script async src="/tracker.js" data-pixel-id="${PIXEL}"></script>
      <script>addEventListener('load', () => setTimeout(() => tracker.track('Lead', { value: 1, currency: 'EUR' }), 100))</script>`,
  },
  {
    title: 'the page has no snippet and wants none',
    html: `<script async src="/tracker.js" data-pixel-id="${PIXEL}" data-load-pixel="false"></script>
      <script>addEventListener('load', () => setTimeout(() => tracker.track('Lead', { value: 1, currency: 'EUR' }), 100))</script>`,
    pixel: 'absent',
  },
  {
    title: 'the page has an fbq of its own',
    html: `${TAG_HERE}<script>window.own = []; window.fbq = function (...args) { own.push(args) }; ${EVENTS}</script>`,
    pixel: 'blocked',
  },
  {
    title: 'the page declares a function fbq',
    html: `${TAG_HERE}<script>function fbq(...args) { own.push(args) }</script><script>window.own = []</script>
      <script>addEventListener('load', () => { ${EVENTS} })</script>`,
    pixel: 'blocked',
  },
  {
    title: 'fbq is frozen',
    html: `${TAG_HERE}<script>window.own = []; window.fbq = Object.freeze(function (...args) { own.push(args) }); ${EVENTS}</script>`,
    pixel: 'blocked',
  },
  {
    title: 'fbq is a forwarder that is replaced when its worker is ready',
    html: `${TAG_HERE}<script>window.own = []; window.fbq = (...args) => own.push(args); ${EVENTS}
      setTimeout(() => { window.fbq = (...args) => own.push(args); fbq('track', 'Contact') }, 200)</script>`,
    events: ['PageView', 'Lead', 'Contact'],
    pixel: 'blocked',
  },
]

let lab: Lab
afterEach(() => lab.close())
afterAll(closeBrowser)

describe('each event leaves once in each channel, with one id, when', () => {
  it.each(ORDERS)('$title', async ({ html, events = ['PageView', 'Lead'], pixel, warns, ...options }) => {
    lab = await startLab(options)

    await lab.open(html)
    const arrived = await lab.copiesArrive(events.length)
    if (!pixel) await lab.hitsArrive(events.length)
    await lab.quiet()

    // What is recovered of the time before the tracker may leave after what is new: the order of requests is no promise.
    const place = ({ event_name = '' }: { event_name?: string }) => events.indexOf(event_name)
    const copies = [...arrived].sort((a, b) => place(a) - place(b))
    expect(copies.map(({ event_name }) => event_name)).toEqual(events)
    expect(new Set(copies.map(({ pixel_id }) => pixel_id))).toEqual(new Set([PIXEL]))
    expect(new Set(copies.map(({ mirror }) => mirror?.pixel))).toEqual(new Set([pixel ?? 'loaded']))
    expect(lab.hits.map(({ ev }) => ev)).toEqual(pixel ? [] : events)
    if (!pixel) {
      const known = lab.hits.map(({ eid }) => eid ?? undefined)
      expect(copies.map(({ event_id }) => event_id)).toEqual(known)
    }
    expect(lab.errors).toEqual([])
    const warnings = await lab.page.evaluate(() => (window as { __fbWarnings?: string[] }).__fbWarnings ?? [])
    if (!warns) expect(warnings).toEqual([])
  })

  it('there are several pixels: every one of them, or the one that is meant', async () => {
    lab = await startLab()

    await lab.open(`${TAG}${BASE_SNIPPET}<script>
      fbq('init', '1'); fbq('init', '2'); fbq('set', 'trackSingleOnly', true, '3'); fbq('init', '3')
      fbq('track', 'Lead'); fbq('trackCustom', 'Own'); fbq('trackSingle', '3', 'Contact'); fbq('trackSingleCustom', '2', 'Other')
      fbq('trackSingle', '4', 'Nobody')</script>`)
    const copies = await lab.copiesArrive(6)
    await lab.hitsArrive(6)
    await lab.quiet()

    const seen = (list: { name: string | undefined; pixel: string | undefined; id: string | null | undefined }[]) =>
      list.map(({ name, pixel, id }) => `${name} ${pixel} ${id}`)
    expect(seen(copies.map((copy) => ({ name: copy.event_name, pixel: copy.pixel_id, id: copy.event_id })))).toEqual(
      seen(lab.hits.map(({ ev, id, eid }) => ({ name: ev, pixel: id, id: eid }))),
    )
    expect(copies.map(({ event_name, pixel_id }) => `${event_name} ${pixel_id}`)).toEqual([
      'Lead 1',
      'Lead 2',
      'Own 1',
      'Own 2',
      'Contact 3',
      'Other 2',
    ])
  })

  it.each([
    ['a value', '{ value: () => {} }'],
    ['an accessor', '(() => { const noop = () => {}; return { get: () => noop, set() {} } })()'],
  ])('fbq is nailed down by an ad blocker, as %s: our own calls, where the tag names the pixel', async (_how, nail) => {
    lab = await startLab()

    await lab.open(`<script>Object.defineProperty(window, 'fbq', ${nail})</script>
      <script src="/tracker.js" data-pixel-id="1"></script><script>fbq('init', '2'); fbq('track', 'Contact')</script>`)
    const id = await lab.page.evaluate(`tracker.track('Lead')`)
    const copies = await lab.copiesArrive(2)
    await lab.quiet()

    expect(copies.map(({ event_name, pixel_id }) => `${event_name} ${pixel_id}`)).toEqual(['PageView 1', 'Lead 1'])
    expect(copies[1]!.event_id).toBe(id)
    expect(lab.errors).toEqual([])
  })

  it('fbq is taken away long after, and the base snippet runs again', async () => {
    lab = await startLab()
    await lab.open(TAG_HERE + BASE_SNIPPET + CALLS)
    await lab.hitsArrive(2)

    await lab.page.evaluate(`delete window.fbq; delete window._fbq; ${BASE_CODE}`)
    await lab.page.evaluate(`tracker.track('Contact'); fbq('track', 'Schedule')`)
    const copies = await lab.copiesArrive(4)
    await lab.hitsArrive(4)
    await lab.quiet()

    expect(copies.map(({ event_name }) => event_name)).toEqual(['PageView', 'Lead', 'Contact', 'Schedule'])
    expect(copies.map(({ event_id }) => event_id)).toEqual(lab.hits.map(({ eid }) => eid))
  })
})

describe('a pixel that the page alone would have broken', () => {
  it('is healed', async () => {
    const html = BASE_SNIPPET + NAIVE_WRAPPER + CALLS + SECOND_LATER
    lab = await startLab()
    await lab.open(html)
    await lab.quiet()
    await lab.page.waitForTimeout(800)
    const alone = lab.hits.map(({ ev }) => ev)
    await lab.close()

    lab = await startLab()
    await lab.open(TAG_HERE + html)
    await lab.hitsArrive(3)

    expect(alone).toEqual(['PageView', 'Lead'])
    expect(lab.hits.map(({ ev }) => ev)).toEqual(['PageView', 'Lead', 'Contact'])
  })
})

describe('a base snippet in a script that runs before the tag', () => {
  it('is still only a stub to those who ask, until the library has arrived', async () => {
    lab = await startLab({ fbevents: 'never answers' })

    lab.put(TAG_HERE + `<script>${BASE_CODE}</script>` + CALLS)
    await lab.page.goto(lab.origin, { waitUntil: 'domcontentloaded' })

    expect(await lab.page.evaluate('[fbq === _fbq, typeof fbq.callMethod]')).toEqual([true, 'undefined'])
  })
})
