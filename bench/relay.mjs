/**
 * The relay beside the least that could do its work: a loop that posts batches prepared beforehand over keep-alive connections.
 *
 *     node bench/relay.mjs [--events 200000] [--rounds 5] [--delay 0] [--queue sqlite|prepared]
 *
 * Turn by turn in one run, each in a fresh process, against one stand-in for Meta in a process of its own. The first fifth of the
 * events warms up and is not counted. Printed are the medians: events a second, their ratio, CPU time an event (all threads), and
 * requests for 1,000 events. `--delay` is how long Meta takes to answer, in ms. `--queue sqlite` is the real queue with its thread, full
 * at the start (build first); `prepared` hands out events that lie in memory, so that nothing but the relay is measured.
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

const PARTS = { standIn, bare, prepared, fill, sqlite }

if (process.argv[2] in PARTS) await PARTS[process.argv[2]](...process.argv.slice(3))
else await main()

async function main() {
  const { values: args } = parseArgs({
    options: {
      events: { type: 'string', default: '200000' },
      rounds: { type: 'string', default: '5' },
      delay: { type: 'string', default: '0' },
      queue: { type: 'string', default: 'sqlite' },
    },
  })
  const bundle = await bundleSource('packages/collector', {
    createRelay: 'src/relay/relay.ts',
    Secret: 'src/secret.ts',
    openQueue: 'src/queue/open-queue.ts',
  })
  const meta = start('standIn', args.delay)
  const url = `http://127.0.0.1:${await meta.said}`
  const run = (part, ...more) => start(part, args.events, url, bundle, ...more).said

  console.log(
    `${args.events} events of ${someEvent(0).json.length} bytes, Meta answers after ${args.delay} ms, queue: ${args.queue}`,
  )
  const results = { bare: [], relay: [] }
  for (let round = 0; round < Number(args.rounds); round++) {
    results.bare.push(await run('bare'))
    if (args.queue === 'prepared') {
      results.relay.push(await run('prepared'))
      continue
    }
    const folder = await mkdtemp(join(tmpdir(), 'pixel-mirror-bench-'))
    await run('fill', folder)
    results.relay.push(await run('sqlite', folder))
    await rm(folder, { recursive: true })
  }
  meta.end()
  report(results)
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

/** Counts events by a word that each has once, and answers as Meta does. */
function standIn(delayMs) {
  const word = Buffer.from('"event_id"')
  const server = createServer((req, res) => {
    const chunks = []
    req.on('data', (chunk) => chunks.push(chunk))
    req.on('end', () => {
      const body = Buffer.concat(chunks)
      let events = 0
      for (let at = body.indexOf(word); at !== -1; at = body.indexOf(word, at + word.length)) events++
      const answer = () => res.end(`{"events_received":${events},"messages":[],"fbtrace_id":"A1b2C3d4E5"}`)
      if (Number(delayMs) > 0) setTimeout(answer, Number(delayMs))
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

function report({ bare, relay }) {
  const row = (of) => [median(bare.map(of)), median(relay.map(of))]
  const rows = {
    'events/s': row(({ perSecond }) => perSecond),
    'CPU us/event': row(({ cpuMicros }) => cpuMicros),
    'requests/1,000 events': row(({ requests }) => requests),
  }
  console.log(`${''.padEnd(24)}${'bare loop'.padStart(12)}${'relay'.padStart(12)}`)
  for (const [name, numbers] of Object.entries(rows)) {
    console.log(name.padEnd(24) + numbers.map((number) => round(number).padStart(12)).join(''))
  }
  // Round by round, so that what else the machine does hits both.
  const ratio = median(relay.map(({ perSecond }, index) => perSecond / bare[index].perSecond))
  const [, cpu] = rows['CPU us/event']
  const [, requests] = rows['requests/1,000 events']
  console.log(
    `relay / bare: ${ratio.toFixed(2)} (reach 0.80), CPU ${cpu.toFixed(2)} us (reach 5), requests ${requests.toFixed(2)} (reach 2)`,
  )
}

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]
}

function round(number) {
  return number >= 100 ? Math.round(number).toLocaleString('en') : number.toFixed(2)
}
