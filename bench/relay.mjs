/**
 * The relay beside the least that could do its work: a loop that posts batches prepared beforehand over keep-alive connections.
 *
 *     node bench/relay.mjs [--events 400000] [--rounds 5] [--delay 0] [--queue prepared|sqlite]
 *
 * Both in one run, turn by turn, against one stand-in for Meta in a process of its own. Printed are the medians: events a second, their
 * ratio, CPU time of this process an event, and requests for 1,000 events. `--delay` is how long Meta takes to answer, in ms.
 * `--queue prepared` hands out events that lie in memory, so that nothing but the relay is measured; `sqlite` is the real queue,
 * its thread included.
 */
import { fork } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { loadSource } from './load-source.mjs'

const BATCH = 1_000
const CONCURRENCY = 4
setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc')
const LANE = { pixelId: '1234567890' }

if (process.argv[2] === 'stand-in') standIn(Number(process.argv[3]))
else await main()

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
      if (delayMs > 0) setTimeout(answer, delayMs)
      else answer()
    })
  })
  server.listen(0, '127.0.0.1', () => process.send(server.address().port))
}

async function main() {
  const { values: args } = parseArgs({
    options: {
      events: { type: 'string', default: '400000' },
      rounds: { type: 'string', default: '5' },
      delay: { type: 'string', default: '0' },
      queue: { type: 'string', default: 'prepared' },
    },
  })
  const count = Number(args.events)
  const { Pool } = createRequire(new URL('../packages/collector/package.json', import.meta.url))('undici')
  const { createRelay, Secret, openQueue } = await loadSource('packages/collector', {
    createRelay: 'src/relay/relay.ts',
    Secret: 'src/secret.ts',
    openQueue: 'src/queue/open-queue.ts',
  })
  const child = fork(import.meta.filename, ['stand-in', args.delay], { stdio: 'inherit' })
  const port = await new Promise((resolve) => child.once('message', resolve))
  const url = `http://127.0.0.1:${port}`
  const events = Array.from({ length: count }, (_, index) => someEvent(index))
  const leased = events.map((event, index) => ({ ref: String(index), receivedAtMs: event.eventTimeMs, ...event }))
  const world = { url, events, leased, createRelay, Secret, openQueue, Pool }

  console.log(
    `${count} events of ${events[0].json.length} bytes, Meta answers after ${args.delay} ms, queue: ${args.queue}`,
  )
  const results = { bare: [], relay: [] }
  for (let round = 0; round <= Number(args.rounds); round++) {
    for (const [name, run] of Object.entries({ bare, relay: args.queue === 'sqlite' ? relayFromSqlite : relay })) {
      const result = await run(world)
      // The first round warms up.
      if (round > 0) results[name].push(result)
    }
  }
  child.kill()
  report(results, count)
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

/** What is measured around a run: time, CPU of this process with all its threads, requests. */
async function measured(work) {
  // What one left behind is not the other's to clear away.
  collectGarbage()
  const cpu = process.cpuUsage()
  const startedMs = performance.now()
  const requests = await work()
  const seconds = (performance.now() - startedMs) / 1_000
  const { user, system } = process.cpuUsage(cpu)
  return { seconds, cpuMicros: user + system, requests }
}

async function bare({ url, events, Pool }) {
  const bodies = []
  for (let from = 0; from < events.length; from += BATCH) {
    const texts = events.slice(from, from + BATCH).map(({ json }) => json)
    bodies.push(Buffer.from(`{"data":[${texts.join(',')}],"access_token":"EAAB"}`))
  }
  const pool = new Pool(url, { connections: CONCURRENCY })
  const result = await measured(async () => {
    let next = 0
    const loop = async () => {
      while (next < bodies.length) {
        const body = bodies[next++]
        const answer = await pool.request({
          path: `/v26.0/${LANE.pixelId}/events`,
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body,
        })
        await answer.body.text()
      }
    }
    await Promise.all(Array.from({ length: CONCURRENCY }, loop))
    return bodies.length
  })
  await pool.destroy()
  return result
}

async function relay(world) {
  const { leased } = world
  let next = 0
  const queue = {
    lease: (lane, { maxEvents }) => {
      const events = leased.slice(next, (next += Math.min(maxEvents, leased.length - next)))
      return Promise.resolve(events.length === 0 ? undefined : { lane, events })
    },
    settle: () => Promise.resolve(),
    lanes: () =>
      Promise.resolve([{ lane: LANE, waitingEvents: leased.length, waitingBytes: 1, oldestReceivedAtMs: 0 }]),
    hold: () => Promise.resolve(),
    onWaiting: () => () => {},
  }
  return measured(() => drain(world, queue))
}

async function relayFromSqlite(world) {
  const folder = await mkdtemp(join(tmpdir(), 'pixel-mirror-bench-'))
  const log = { info() {}, warn() {}, error() {} }
  const options = { maxBytes: 1e11, log, observe() {}, now: Date.now }
  const queue = await world.openQueue(`sqlite:${join(folder, 'queue.db')}`, options)
  for (let from = 0; from < world.events.length; from += 2_000)
    await queue.append(world.events.slice(from, from + 2_000))
  try {
    return await measured(() => drain(world, queue))
  } finally {
    await queue.close()
    await rm(folder, { recursive: true })
  }
}

/** From a full queue to an empty one. Returns how many requests it took. */
function drain({ url, events, createRelay, Secret }, queue) {
  const pixel = { id: LANE.pixelId, accessToken: new Secret('EAAB'), allowedOrigins: [] }
  const pixels = { get: () => pixel, all: () => [pixel], onChange: () => () => {} }
  return new Promise((resolve, reject) => {
    let requests = 0
    let delivered = 0
    const relay = createRelay({
      queue,
      pixels,
      graphUrl: url,
      apiVersion: 'v26.0',
      observe(happening) {
        if (happening.kind === 'attempted') requests++
        if (happening.kind !== 'settled') return
        delivered += happening.verdicts.filter(({ kind }) => kind === 'delivered').length
        if (delivered === events.length) relay.stop(1_000).then(() => resolve(requests), reject)
      },
    })
    relay.start()
  })
}

function report(results, count) {
  const perSecond = (result) => count / result.seconds
  const micros = (result) => result.cpuMicros / count
  const row = (name, of) => [name, median(results.bare.map(of)), median(results.relay.map(of))]
  const rows = [
    row('events/s', perSecond),
    row('CPU us/event', micros),
    row('requests/1,000 events', ({ requests }) => (requests / count) * 1_000),
  ]
  console.log(`${''.padEnd(24)}${'bare loop'.padStart(12)}${'relay'.padStart(12)}`)
  for (const [name, ...numbers] of rows) {
    console.log(name.padEnd(24) + numbers.map((number) => round(number).padStart(12)).join(''))
  }
  // Round by round, so that what else the machine does hits both.
  const ratios = results.relay.map((result, index) => perSecond(result) / perSecond(results.bare[index]))
  const relayCpu = median(results.relay.map(micros))
  const requests = median(results.relay.map((result) => (result.requests / count) * 1_000))
  console.log(
    `relay / bare: ${median(ratios).toFixed(2)} (reach 0.80), CPU ${relayCpu.toFixed(2)} us (reach 5), requests ${requests.toFixed(2)} (reach 2)`,
  )
}

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)]
}

function round(number) {
  return number >= 100 ? Math.round(number).toLocaleString('en') : number.toFixed(2)
}
