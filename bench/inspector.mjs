/**
 * What watching costs: time of the inspector's `observe()` on the ingest thread, a request of one event and an event of a full batch,
 * beside `JSON.parse` of the same event in the same run. History is written to a real file by its own thread meanwhile.
 *
 *     node bench/inspector.mjs [--requests 200000] [--rounds 5] [--json]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as breathe } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { notes } from './lib/notes.mjs'
import { loadSource } from './load-source.mjs'

const { values: args } = parseArgs({
  options: {
    requests: { type: 'string', default: '200000' },
    rounds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
  },
})
const REQUESTS = Number(args.requests)
const ROUNDS = Number(args.rounds)
/** As many requests as arrive between two looks at the clock. */
const SLICE = 500

const { createRecorder, openHistoryThread } = await loadSource('packages/collector', {
  createRecorder: 'src/inspector/recorder.ts',
  openHistoryThread: 'src/inspector/history-thread.ts',
})

const folder = mkdtempSync(join(tmpdir(), 'bench-inspector-'))
const worker = new URL('../packages/collector/dist/history-worker.js', import.meta.url)
const history = openHistoryThread(join(folder, 'inspector.db'), Date.now(), worker)
const recorder = createRecorder({
  history,
  now: Date.now,
  onWritten: () => {},
  onProblem: (problem) => console.error(problem),
})

const NAMES = ['PageView', 'ViewContent', 'AddToCart', 'InitiateCheckout', 'Purchase']
const hash = '62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f'
const json = JSON.stringify({
  event_name: 'Purchase',
  event_time: 1_773_145_830,
  event_id: 'order-1',
  action_source: 'website',
  event_source_url: 'https://shop.example/thanks?order=1',
  user_data: {
    em: [hash],
    ph: [hash],
    fn: [hash],
    client_ip_address: '203.0.113.9',
    client_user_agent: 'Mozilla/5.0 (X11; Linux x86_64)',
    fbp: 'fb.1.1596403881668.1116446470',
  },
  custom_data: {
    value: 12.5,
    currency: 'EUR',
    contents: [
      { id: 'a', quantity: 1 },
      { id: 'b', quantity: 2 },
    ],
  },
})

function request(n) {
  const atMs = Date.now()
  const event = {
    lane: { pixelId: '1' },
    eventName: NAMES[n % 5],
    eventId: `event-${n}`,
    eventTimeMs: atMs - 900,
    deadlineMs: atMs + 6e8,
    json,
  }
  return {
    kind: 'ingested',
    received: {
      sender: 'browser',
      receivedAtMs: atMs,
      prefetch: false,
      clientIpAddress: '203.0.113.9',
      clientUserAgent: 'Mozilla/5.0',
    },
    prepared: [
      {
        kind: 'ready',
        event,
        repairs: [],
        mirror: { pixel: n % 4 === 0 ? 'blocked' : 'loaded' },
        matchKeys: ['em', 'ph', 'fn', 'client_ip_address', 'client_user_agent', 'fbp'],
        money: { value: 12.5, currency: 'EUR' },
      },
    ],
    stored: ['stored'],
  }
}

function batch(n) {
  const atMs = Date.now()
  const events = Array.from({ length: 1_000 }, (_, i) => ({
    ref: `${i}`,
    eventName: NAMES[i % 5],
    eventId: `event-${n + i}`,
    eventTimeMs: atMs - 2e3,
    deadlineMs: atMs + 6e8,
    receivedAtMs: atMs - 1e3,
    json,
  }))
  const lane = { pixelId: '1' }
  return [
    {
      kind: 'attempted',
      atMs,
      lane,
      attempt: { events, bytes: 1e6, durationMs: 120, status: 200, outcome: { kind: 'accepted' }, bisecting: false },
    },
    { kind: 'settled', atMs, lane, events, verdicts: events.map(({ ref }) => ({ ref, kind: 'delivered' })) },
  ]
}

/** Microseconds of this thread an item. What is observed is made before the clock starts. */
async function measure(make, run, items, each) {
  let spentMs = 0
  for (let done = 0; done < items; done += each) {
    const made = make(done)
    const start = performance.now()
    run(made)
    spentMs += performance.now() - start
    await breathe()
  }
  return (spentMs * 1_000) / items
}

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]
const rounds = { parse: [], ingested: [], sent: [] }
for (let round = 0; round < ROUNDS + 1; round++) {
  const slice = (n) => Array.from({ length: SLICE }, (_, i) => request(n + i))
  const parse = await measure(
    slice,
    (made) => made.forEach((one) => JSON.parse(one.prepared[0].event.json)),
    REQUESTS,
    SLICE,
  )
  const ingested = await measure(slice, (made) => made.forEach(recorder.observe), REQUESTS, SLICE)
  const sent = await measure(batch, (made) => made.forEach(recorder.observe), REQUESTS, 1_000)
  // The first round warms up.
  if (round > 0) {
    rounds.parse.push(parse)
    rounds.ingested.push(ingested)
    rounds.sent.push(sent)
  }
}
await recorder.close()
rmSync(folder, { recursive: true })

const parse = median(rounds.parse)
const { note, report } = notes('inspector')
for (const [what, values] of [
  ['JSON.parse of one event', rounds.parse],
  ['observe(): a request of one event', rounds.ingested],
  ['observe(): an event sent and settled in a batch of 1,000', rounds.sent],
]) {
  const value = median(values)
  console.log(`${what.padEnd(58)} ${value.toFixed(2).padStart(7)} µs   ${(value / parse).toFixed(2)} ×`)
  note(what, value, `µs, ${(value / parse).toFixed(2)} × JSON.parse`)
}
if (args.json) report()
