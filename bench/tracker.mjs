/* global window, document, PerformanceObserver */
/**
 * What the tracker weighs and costs, beside other trackers from npm and beside a bare `fbq` stub, in one run.
 *
 *     node bench/tracker.mjs [--quick] [--json]
 *
 * Needs a build (`pnpm build`). Sizes: the file that a browser would load, as its package publishes it. Times: Chromium, a fresh page per round, with and
 * without the tracker in turn, medians; once at full speed and once with the processor slowed down four times. The stub is what a page has
 * anyway, so the tracker's own cost is the difference. Its start leaves storage and cookies alone until there is something to send; what that costs
 * then is in the work until the first answer, which the browser itself adds up over all of the page's tasks. `--json` ends the output with one report on one line.
 */
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { parseArgs } from 'node:util'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { loadSource } from './load-source.mjs'

const { values: given } = parseArgs({ options: { quick: { type: 'boolean' }, json: { type: 'boolean' } } })
const ROUNDS = given.quick ? 3 : 9
const CALLS = 1_000
const BURST = 50
const PAGE = 'https://shop.example/products/thank-you'
const TRACKER = readFileSync(new URL('../packages/tracker/dist/tracker.js', import.meta.url), 'utf8')

/** Files of others, as their packages publish them for a script tag. What they do is not the same: the table says what one pays elsewhere. */
const OTHERS = [
  ['js-cookie, which is in ours', 'packages/tracker', 'js-cookie/dist/js.cookie.min.js'],
  ['plausible', 'bench', '@plausible-analytics/tracker/plausible.js'],
  ['web-vitals', 'bench', 'web-vitals/dist/web-vitals.iife.js'],
  ['snowplow', 'bench', '@snowplow/browser-tracker/dist/index.umd.min.js'],
  ['Meta’s parameter builder', 'bench', 'meta-capi-param-builder-clientjs/dist/clientParamBuilder.bundle.js'],
]

/** What Meta's base snippet leaves on a page while its library is still on the way. */
const STUB = `window.fbq = function () { fbq.callMethod ? fbq.callMethod.apply(fbq, arguments) : fbq.queue.push(arguments) }
window._fbq = fbq; fbq.push = fbq; fbq.loaded = true; fbq.version = '2.0'; fbq.queue = []; fbq('init', '1234567890123456')`

const GOODS = `value: 129.9, currency: 'EUR', content_type: 'product', content_ids: ['SKU-1001', 'SKU-' + i], num_items: 2`
const ADD_TO_CART = `fbq('track', 'AddToCart', { ${GOODS} })`
const PURCHASE = `fbq('track', 'Purchase', { ${GOODS}, order_id: 'A-' + i })`

const rows = []
/** One line of the report, also for people. */
function tell(what, value, unit, aim, reached) {
  rows.push({ what, value: Math.round(value * 100) / 100, unit, ...(aim !== undefined && { aim, reached }) })
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1]
const pause = (page, ms) => page.evaluate((ms) => new Promise((later) => setTimeout(later, ms)), ms)

function weigh(text) {
  const bytes = Buffer.from(text)
  return [bytes.length, gzipSync(bytes, { level: 9 }).length, brotliCompressSync(bytes).length]
}

function sizes() {
  console.log('bytes'.padEnd(34) + ['raw', 'gzip', 'brotli'].map((head) => head.padStart(9)).join(''))
  const line = (name, text) => {
    const [raw, gzip, brotli] = weigh(text)
    console.log(name.padEnd(34) + [raw, gzip, brotli].map((bytes) => String(bytes).padStart(9)).join(''))
    return brotli
  }
  const ours = line('tracker.js, everything in it', TRACKER)
  tell('tracker.js, brotli', ours, 'bytes', 'at most 4096', ours <= 4096)
  for (const [name, from, path] of OTHERS) tell(`${name}, brotli`, line(name, read(from, path)), 'bytes')
}

/** A published file, which the `exports` of its package may hide. */
function read(from, path) {
  const require = createRequire(new URL(`../${from}/package.json`, import.meta.url))
  const [name] = /^(@[^/]+\/)?[^/]+/.exec(path)
  const folder = require.resolve.paths(name).find((folder) => existsSync(`${folder}/${path}`))
  if (folder === undefined) throw new Error(`${path} is not installed: run pnpm install.`)
  return readFileSync(`${folder}/${path}`, 'utf8')
}

/** A fresh page of a shop whose collector answers at once, and the requests that it got. */
async function shop(browser) {
  const context = await browser.newContext()
  const page = await context.newPage()
  const posts = []
  await page.route('https://shop.example/**', async (route) => {
    const request = route.request()
    if (request.method() !== 'POST') return route.fulfill({ contentType: 'text/html', body: '<!doctype html><body>' })
    posts.push({ text: request.postData(), bytes: request.postDataBuffer().length })
    return route.fulfill({ contentType: 'application/json', body: '{"events_received":1}' })
  })
  await page.goto(PAGE)
  return { context, page, posts }
}

/** One round: how long the script ran at its start, and a call of `fbq` once the code is warm. */
async function round(browser, withTracker, slowdown) {
  const { context, page } = await shop(browser)
  const cdp = await context.newCDPSession(page)
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: slowdown })
  const times = await page.evaluate(
    ({ script, STUB, CALL, CALLS }) => {
      window.longTasks = 0
      new PerformanceObserver((list) => (window.longTasks += list.getEntries().length)).observe({ type: 'longtask' })
      const run = (code) => {
        const element = document.createElement('script')
        element.dataset.collectorUrl = '/events'
        element.textContent = code
        const start = performance.now()
        document.head.append(element)
        return performance.now() - start
      }
      const startMs = run(script)
      run(STUB)
      const call = new Function('i', CALL)
      for (let i = 0; i < 100; i++) call(i)
      const start = performance.now()
      for (let i = 0; i < CALLS; i++) call(i)
      return { startMs, callUs: ((performance.now() - start) / CALLS) * 1_000 }
    },
    { script: withTracker ? TRACKER : ';', STUB, CALL: ADD_TO_CART, CALLS },
  )
  await context.close()
  return times
}

/** One round: how long the main thread works, task by task, from before the script until a page view has been sent and answered. */
async function firstView(browser, withTracker, slowdown) {
  const { context, page } = await shop(browser)
  const cdp = await context.newCDPSession(page)
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: slowdown })
  await cdp.send('Performance.enable')
  const workedMs = async () => {
    const { metrics } = await cdp.send('Performance.getMetrics')
    return metrics.find(({ name }) => name === 'TaskDuration').value * 1_000
  }
  const before = await workedMs()
  await page.evaluate(
    ([script, STUB]) => {
      for (const code of [STUB, script, `fbq('track', 'PageView')`]) {
        const element = document.createElement('script')
        element.dataset.collectorUrl = '/events'
        element.textContent = code
        document.head.append(element)
      }
      window.fbq.callMethod = () => {}
    },
    [withTracker ? TRACKER : ';', STUB],
  )
  await pause(page, 500)
  const ms = (await workedMs()) - before
  await context.close()
  return { ms }
}

async function times(browser) {
  for (const slowdown of [1, 4]) {
    const bare = []
    const ours = []
    const bareViews = []
    const ourViews = []
    for (let i = 0; i < ROUNDS; i++) {
      bare.push(await round(browser, false, slowdown))
      ours.push(await round(browser, true, slowdown))
      bareViews.push(await firstView(browser, false, slowdown))
      ourViews.push(await firstView(browser, true, slowdown))
    }
    const of = (rounds, key) => median(rounds.map((values) => values[key]))
    const startMs = of(ours, 'startMs')
    const dearerUs = of(ours, 'callUs') - of(bare, 'callUs')
    const speed = slowdown === 1 ? '' : `, processor ${slowdown}× slower`
    const startAimMs = slowdown === 1 ? 2 : 12
    tell(`start of the tracker${speed}`, startMs, 'ms', `under ${startAimMs}`, startMs < startAimMs)
    tell(`all its work until its first answer, start included${speed}`, of(ourViews, 'ms') - of(bareViews, 'ms'), 'ms')
    tell(`a fbq call on the bare stub${speed}`, of(bare, 'callUs'), 'µs')
    tell(
      `how much dearer with the tracker${speed}`,
      dearerUs,
      'µs',
      ...(slowdown === 1 ? ['at most 25', dearerUs <= 25] : []),
    )
  }
}

/** What an event alone and a burst of them put on the wire, once it is known what became of the pixel; and whether the page stutters. */
async function wire(browser) {
  const { context, page, posts } = await shop(browser)
  const longTasks = await page.evaluateHandle(() => {
    const seen = { count: 0 }
    new PerformanceObserver((list) => (seen.count += list.getEntries().length)).observe({ type: 'longtask' })
    return seen
  })
  await page.evaluate(
    ([TRACKER, STUB]) => {
      for (const code of [TRACKER, STUB]) {
        const script = document.createElement('script')
        script.dataset.collectorUrl = '/events'
        script.textContent = code
        document.head.append(script)
      }
      window.fbq.callMethod = () => {}
    },
    [TRACKER, STUB],
  )
  const send = async (call, count = 1) => {
    const before = posts.length
    await page.evaluate(`for (let i = 1000; i < ${1000 + count}; i++) ${call}`)
    await pause(page, 600)
    const sent = posts.slice(before)
    return {
      requests: sent.length,
      text: sent[0]?.text,
      bytes: sent.reduce((sum, { bytes }) => sum + bytes, 0) / count,
    }
  }
  await send(`fbq('track', 'Lead')`)
  const view = await send(`fbq('track', 'PageView')`)
  const purchase = await send(PURCHASE)
  const burst = await send(ADD_TO_CART, BURST)
  const stutters = await longTasks.evaluate(({ count }) => count)
  await context.close()

  console.log(`\na purchase alone on the wire:\n${purchase.text}`)
  tell('a page view alone on the wire', view.bytes, 'bytes', 'at most 330', view.bytes <= 330)
  tell('a purchase alone on the wire', purchase.bytes, 'bytes')
  tell(`one of a burst of ${BURST} with five properties each`, burst.bytes, 'bytes', 'at most 220', burst.bytes <= 220)
  tell(`requests for a burst of ${BURST}`, burst.requests, '', '1', burst.requests === 1)
  tell('long tasks meanwhile', stutters, '', '0', stutters === 0)
}

sizes()
const { launchChromium } = await loadSource('packages/testing', { launchChromium: 'src/browser.ts' })
const browser = await launchChromium()
try {
  await times(browser)
  await wire(browser)
} finally {
  await browser.close()
}

console.log(`\n${'what'.padEnd(52)}${'measured'.padStart(14)}  aim`)
for (const { what, value, unit, aim, reached } of rows)
  console.log(
    `${what.padEnd(52)}${`${value} ${unit}`.padStart(14)}  ${aim === undefined ? '' : `${aim}: ${reached ? 'reached' : 'NOT reached'}`}`,
  )
if (given.json) console.log(JSON.stringify({ name: 'tracker', rows }))
