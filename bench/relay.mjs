/**
 * The relay beside the least that could do its work: a loop that posts batches prepared beforehand over keep-alive connections.
 *
 *     node bench/relay.mjs [--events 200000] [--rounds 3] [--queue sqlite|prepared] [--meta reads,away,counts] [--json]
 *
 * Turn by turn in one run, each in a fresh process, against one stand-in for Meta in a process of its own. The first fifth of the
 * events warms up and is not counted. Printed are medians: events a second, the ratio of each round, CPU time an event (all threads),
 * and requests for 1,000 events. `--queue sqlite` is the real queue with its thread, full at the start (build first); `prepared`
 * hands out events that lie in memory, so that nothing but the relay is measured.
 *
 * What limits the bare loop is its other side, so there are three of them: `reads` parses each request, as whoever takes events must;
 * `away` does so and answers 50 ms later; `counts` only looks for a word in the bytes, and what is compared is how fast memory can be
 * copied on the cores that there are.
 */
import { fork } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { bundleSource } from './load-source.mjs'

const BATCH = 1_000
const CONCURRENCY = 4
const WARM_UP = 0.2
const LANE = { pixelId: '1234567890' }

const METAS = {
  reads: { what: 'Meta reads each request', count: countData, delayMs: 0, aim: 0.8 },
  away: { what: 'Meta reads each request and is 50 ms away', count: countData, delayMs: 50, aim: 0.8 },
  counts: { what: 'Meta only counts bytes', count: countWords, delayMs: 0 },
}

const PARTS = { standIn, bare, prepared, fill, sqlite }

if (process.argv[2] in PARTS) await PARTS[process.argv[2]](...process.argv.slice(3))
else await main()

async function main() {
  const { values: args } = parseArgs({
    options: {
      events: { type: 'string', default: '200000' },
      rounds: { type: 'string', default: '3' },
      queue: { type: 'string', default: 'sqlite' },
      meta: { type: 'string', default: Object.keys(METAS).join(',') },
      json: { type: 'boolean', default: false },
    },
  })
  const bundle = await bundleSource('packages/collector', {
    createRelay: 'src/relay/relay.ts',
    Secret: 'src/secret.ts',
    openQueue: 'src/queue/open-queue.ts',
  })
  console.log(`${args.events} events of ${someEvent(0).json.length} bytes, queue: ${args.queue}`)

  const rows = []
  for (const kind of args.meta.split(',')) {
    const meta = start('standIn', kind)
    const url = `http://127.0.0.1:${await meta.said}`
    rows.push(...rowsOf(kind, await compare({ ...args, bundle, url })))
    meta.end()
  }
  if (args.json) console.log(JSON.stringify({ name: 'relay', rows }))
}

async function compare({ events, rounds, queue, bundle, url }) {
  const run = (part, ...more) => start(part, events, url, bundle, ...more).said
  const results = { bare: [], relay: [] }
  for (let round = 0; round < Number(rounds); round++) {
    results.bare.push(await run('bare'))
    if (queue === 'prepared') {
      results.relay.push(await run('prepared'))
      continue
    }
    const folder = await mkdtemp(join(tmpdir(), 'pixel-mirror-bench-'))
    await run('fill', folder)
    results.relay.push(await run('sqlite', folder))
    await rm(folder, { recursive: true })
  }
  return results
}

/** This file in a process of its own. `said` resolves with what it reports. */
function start(part, ...args) {
  const child = fork(import.meta.filename, [part, ...args], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const said = new Promise((resolve, reject) => {
    child.once('message', resolve)
    child.once('exit', (code) => reject(new Error(`${part} ended with ${code}`)))
  })
  return { said, end: () => child.kill() }
}

function standIn(kind) {
  const { count, delayMs } = METAS[kind]
  const server = createServer((req, res) => {
    const chunks = []
    req.on('data', (chunk) => chunks.push(chunk))
    req.on('end', () => {
      const events = count(Buffer.concat(chunks))
      const answer = () => res.end(`{"events_received":${events},"messages":[],"fbtrace_id":"A1b2C3d4E5"}`)
      if (delayMs > 0) setTimeout(answer, delayMs)
      else answer()
    })
  })
  server.listen(0, '127.0.0.1', () => process.send(server.address().port))
}

function someEvent(index) {
  const hash = index.toString(16).padStart(64, 'a')
  const time = Math.floor(Date.now() / 1_000)
  const json = JSON.stringify({
    event_name: 'Purchase',
    event_time: time,
    event_id: `order-${index}`,
    action_source: 'website',
    event_source_url: `https://shop.example/thanks?order=${index}`,
    user_data: {
      em: [hash],
      ph: [hash],
      external_id: [hash],
      client_ip_address: '2001:db8::7',
      client_user_agent:
        'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0',
      fbp: `fb.1.${time}000.${index}`,
      fbc: `fb.1.${time}000.IwAR0${index}`,
    },
    custom_data: {
      value: 19.9,
      currency: 'EUR',
      contents: [{ id: `sku-${index % 50}`, quantity: 1, item_price: 19.9 }],
    },
  })
  const eventTimeMs = time * 1_000
  return {
    lane: LANE,
    eventName: 'Purchase',
    eventId: `order-${index}`,
    eventTimeMs,
    deadlineMs: eventTimeMs + 6e8,
    json,
  }
}

/** Measures from the end of the warm-up on: events, time, CPU of this process with all its threads, requests. */
function createMeter(total) {
  let done = 0
  let requests = 0
  let from
  const look = () => ({ done, requests, ms: performance.now(), cpu: process.cpuUsage() })
  return {
    sent: () => requests++,
    delivered(events) {
      done += events
      if (from === undefined && done >= total * WARM_UP) from = look()
    },
    isOver: () => done >= total,
    result() {
      const to = look()
      const events = to.done - from.done
      const cpu = to.cpu.user + to.cpu.system - from.cpu.user - from.cpu.system
      return {
        perSecond: (events / (to.ms - from.ms)) * 1_000,
        cpuMicros: cpu / events,
        requests: ((to.requests - from.requests) / events) * 1_000,
      }
    },
  }
}

async function bare(count, url) {
  const { Pool } = createRequire(new URL('../packages/collector/package.json', import.meta.url))('undici')
  const bodies = []
  for (let index = 0; index < Number(count);) {
    const texts = []
    while (texts.length < BATCH && index < Number(count)) texts.push(someEvent(index++).json)
    bodies.push({ events: texts.length, body: Buffer.from(`{"data":[${texts.join(',')}],"access_token":"EAAB"}`) })
  }
  const pool = new Pool(url, { connections: CONCURRENCY })
  const meter = createMeter(Number(count))
  const loop = async () => {
    for (let next = bodies.pop(); next !== undefined; next = bodies.pop()) {
      const path = `/v26.0/${LANE.pixelId}/events`
      const headers = { 'content-type': 'application/json' }
      const answer = await pool.request({ path, method: 'POST', headers, body: next.body })
      await answer.body.text()
      meter.sent()
      meter.delivered(next.events)
    }
  }
  await Promise.all(Array.from({ length: CONCURRENCY }, loop))
  process.send(meter.result())
  await pool.destroy()
  process.disconnect()
}

async function prepared(count, url, bundle) {
  const events = Array.from({ length: Number(count) }, (_, index) => {
    const event = someEvent(index)
    return { ref: String(index), receivedAtMs: event.eventTimeMs, ...event }
  })
  let next = 0
  await drain(count, url, bundle, {
    lease: (lane, { maxEvents }) => {
      const some = events.slice(next, (next += Math.min(maxEvents, events.length - next)))
      return Promise.resolve(some.length === 0 ? undefined : { lane, events: some })
    },
    settle: () => Promise.resolve(),
    lanes: () =>
      Promise.resolve([{ lane: LANE, waitingEvents: events.length, waitingBytes: 1, oldestReceivedAtMs: 0 }]),
    hold: () => Promise.resolve(),
    onWaiting: () => () => {},
  })
  process.disconnect()
}

async function openSqlite(bundle, folder) {
  const { openQueue } = await import(bundle)
  const log = { info() {}, warn() {}, error() {} }
  return openQueue(`sqlite:${join(folder, 'queue.db')}`, { maxBytes: 1e11, log, observe() {}, now: Date.now })
}

async function fill(count, _url, bundle, folder) {
  const queue = await openSqlite(bundle, folder)
  for (let index = 0; index < Number(count);) {
    const some = []
    while (some.length < 2_000 && index < Number(count)) some.push(someEvent(index++))
    await queue.append(some)
  }
  await queue.close()
  process.send('full')
  process.disconnect()
}

async function sqlite(count, url, bundle, folder) {
  const queue = await openSqlite(bundle, folder)
  await drain(count, url, bundle, queue)
  await queue.close()
  process.disconnect()
}

/** From a full queue to an empty one. */
async function drain(count, url, bundle, queue) {
  const { createRelay, Secret } = await import(bundle)
  const pixel = { id: LANE.pixelId, accessToken: new Secret('EAAB'), allowedOrigins: [] }
  const meter = createMeter(Number(count))
  await new Promise((resolve) => {
    const relay = createRelay({
      queue,
      pixels: { get: () => pixel, all: () => [pixel], onChange: () => () => {} },
      graphUrl: url,
      apiVersion: 'v26.0',
      observe(happening) {
        if (happening.kind === 'attempted') meter.sent()
        if (happening.kind !== 'settled') return
        meter.delivered(happening.verdicts.filter(({ kind }) => kind === 'delivered').length)
        if (!meter.isOver()) return
        process.send(meter.result())
        resolve(relay.stop(1_000))
      },
    })
    relay.start()
  })
}

function countData(body) {
  return JSON.parse(body).data.length
}

/** By a word that each event has once. */
function countWords(body) {
  const word = Buffer.from('"event_id"')
  let events = 0
  for (let at = body.indexOf(word); at !== -1; at = body.indexOf(word, at + word.length)) events++
  return events
}

/** Prints the numbers side by side; returns what there is to say of them, each with its aim. */
function rowsOf(kind, { bare, relay }) {
  const { what, aim } = METAS[kind]
  const both = (of) => [median(bare.map(of)), median(relay.map(of))]
  const table = {
    'events/s': both(({ perSecond }) => perSecond),
    'CPU us/event': both(({ cpuMicros }) => cpuMicros),
    'requests/1,000 events': both(({ requests }) => requests),
  }
  console.log(`\n${what}`.padEnd(50) + 'bare loop'.padStart(12) + 'relay'.padStart(12))
  for (const [name, numbers] of Object.entries(table)) {
    console.log(name.padEnd(49) + numbers.map((number) => round(number).padStart(12)).join(''))
  }
  // Round by round, so that what else the machine does hits both.
  const ratio = median(relay.map(({ perSecond }, index) => perSecond / bare[index].perSecond))
  console.log('relay / bare'.padEnd(61) + ratio.toFixed(2).padStart(12))

  const row = (words, value, reach) => ({
    what: `${words}: ${what}`,
    value: Number(value.toFixed(3)),
    ...reach,
  })
  const atLeast = (value, least) => least !== undefined && { aim: `at least ${least}`, reached: value >= least }
  const atMost = (value, most) => ({ aim: `at most ${most}`, reached: value <= most })
  const [, cpu] = table['CPU us/event']
  const [, requests] = table['requests/1,000 events']
  return [
    row('relay / bare loop', ratio, atLeast(ratio, aim)),
    row('CPU an event', cpu, { unit: 'us', ...atMost(cpu, 5) }),
    row('requests for 1,000 events', requests, atMost(requests, 2)),
  ]
}

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]
}

function round(number) {
  return number >= 100 ? Math.round(number).toLocaleString('en') : number.toFixed(2)
}
