/**
 * What the SQLite queue costs: durable appends a second, syncs an event, start and memory with a backlog, draining.
 *
 *     node bench/queue.mjs [append|backlog] [--events 100000] [--backlog 10000,100000,1000000] [--folder DIR] [--json]
 *
 * The baseline is the same SQLite, one connection in the main thread, one commit an event: what a queue without group commit does.
 * Everything is measured in one run on one machine; look at the ratios. Build first (`npm run build`).
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { notes } from './lib/notes.mjs'
import { openQueue } from '../packages/collector/dist/index.js'

const THIS_FILE = fileURLToPath(import.meta.url)
const PIXEL = { pixelId: '1000000000000001' }
const LIMIT = { maxEvents: 1_000, maxBytes: 900_000 }
/** As long as a usual finished event: 1 KB. */
const JSON_TAIL = `"user_data":{"em":["${'0123456789abcdef'.repeat(4)}"],"filler":"${'x'.repeat(800)}"}}`

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    events: { type: 'string', default: '60000' },
    backlog: { type: 'string', default: '10000,100000,1000000' },
    folder: { type: 'string', default: tmpdir() },
    json: { type: 'boolean', default: false },
  },
})

const { note, report } = notes('queue')
const PARTS = { append: benchAppends, backlog: benchBacklogs }
const CHILDREN = { 'append-child': appendChild, 'fill-child': fillChild, 'drain-child': drainChild }

const [part, ...args] = positionals
if (part in CHILDREN) await CHILDREN[part](...args)
else {
  for (const run of part === undefined ? Object.values(PARTS) : [PARTS[part]]) await run()
  if (values.json) report()
}

/** Appends at several concurrencies, beside the baseline. */
async function benchAppends() {
  const events = Number(values.events)
  console.log(`\n${events} events of 1 KB, one an append, each acknowledged after its sync`)
  const base = await baseline(Math.min(events, 2_000))
  print('SQLite, one commit an event', { ...base, ratio: 1 })
  for (const concurrency of [1, 64, 256]) {
    const count = concurrency === 1 ? Math.min(events, 2_000) : events
    const result = await inFolder((folder) => child(['append-child', folder, String(count), String(concurrency)]))
    const syncs = await inFolder((folder) =>
      countSyncs(['append-child', folder, String(Math.min(count, 20_000)), String(concurrency)]),
    )
    print(`queue, ${concurrency} at once`, { ...result, ratio: result.perSecond / base.perSecond, syncs })
  }
}

function print(name, { perSecond, ratio, p50Ms, p99Ms, longestMs, cpuUs, mainUs, syncs }) {
  const cells = [
    name.padEnd(28),
    `${Math.round(perSecond)}/s`.padStart(9),
    `${ratio.toFixed(1)} x`.padStart(7),
    `p50 ${p50Ms.toFixed(2)} ms`,
    `p99 ${p99Ms.toFixed(2)} ms`,
    `longest ${longestMs.toFixed(0)} ms`,
    `CPU ${cpuUs.toFixed(1)} us`,
    mainUs === undefined ? '' : `main thread ${mainUs.toFixed(1)} us`,
    syncs === undefined ? '' : `${syncs.toFixed(4)} syncs`,
  ]
  console.log(cells.filter(Boolean).join('  '), 'an event')
  note(`${name}: durable appends beside one commit an event`, ratio, '×')
  if (syncs !== undefined) note(`${name}: syncs`, syncs, 'an event')
}

async function baseline(count) {
  const Libsql = createRequire(new URL('../packages/collector/package.json', import.meta.url))('libsql')
  return inFolder((folder) => {
    const db = new Libsql(join(folder, 'plain.db'))
    for (const pragma of ['journal_mode = WAL', 'synchronous = FULL']) db.prepare(`PRAGMA ${pragma}`).all()
    db.exec('CREATE TABLE event (id INTEGER PRIMARY KEY, json TEXT)')
    const insert = db.prepare('INSERT INTO event (json) VALUES (?)')
    const meter = startMeter()
    for (let index = 0; index < count; index++) {
      const started = performance.now()
      insert.run(someEvent(index).json)
      meter.latency(performance.now() - started)
    }
    const result = meter.stop(count)
    db.close()
    return { ...result, mainUs: undefined }
  })
}

async function appendChild(folder, count, concurrency) {
  const queue = await open(folder)
  let next = 0
  const run = async (until, meter) => {
    while (next < until) {
      const started = performance.now()
      await queue.append([someEvent(next++)])
      meter?.latency(performance.now() - started)
    }
  }
  const all = (until, meter) => Promise.all(Array.from({ length: Number(concurrency) }, () => run(until, meter)))
  // The first ones compile the code.
  await all(Math.min(5_000, Number(count) / 4))
  const warm = next
  const meter = startMeter()
  await all(warm + Number(count), meter)
  console.log(JSON.stringify(meter.stop(next - warm)))
  await queue.close()
}

/** How long a start takes and how much memory draining does, with so many waiting. */
async function benchBacklogs() {
  for (const size of values.backlog.split(',').map(Number)) {
    await inFolder(async (folder) => {
      await child(['fill-child', folder, String(size)])
      const megabytes = statSync(join(folder, 'queue.db')).size / 1e6
      const { readyMs, readyRss, peakRss, perSecond, cpuUs, mainUs } = await child(['drain-child', folder])
      note(`${size} waiting: the queue alone is ready after`, readyMs, 'ms')
      note(`${size} waiting: CPU while draining the queue alone`, cpuUs, 'µs/event')
      console.log(
        `\n${size} waiting (${megabytes.toFixed(0)} MB): ready in ${readyMs.toFixed(0)} ms with ${readyRss.toFixed(0)} MB; ` +
          `drained at ${Math.round(perSecond)}/s, CPU ${cpuUs.toFixed(2)} us an event (main thread ${mainUs?.toFixed(2)}), peak ${peakRss.toFixed(0)} MB`,
      )
    })
  }
}

/** Fills, and dies without closing, as in a crash. */
async function fillChild(folder, size) {
  const queue = await open(folder)
  for (let index = 0; index < Number(size);) {
    const count = Math.min(64, Number(size) - index)
    await queue.append(Array.from({ length: count }, () => someEvent(index++)))
  }
  console.log('{}')
  process.kill(process.pid, 'SIGKILL')
}

async function drainChild(folder) {
  const started = performance.now()
  const queue = await open(folder)
  const readyMs = performance.now() - started
  const readyRss = rss()
  let peakRss = 0
  let drained = 0
  let bytes = 0
  const meter = startMeter()
  for (;;) {
    const lease = await queue.lease(PIXEL, LIMIT)
    if (lease === undefined) break
    bytes += `{"data":[${lease.events.map(({ json }) => json).join(',')}]}`.length
    drained += lease.events.length
    await queue.settle(
      lease,
      lease.events.map(({ ref }) => ({ ref, kind: 'delivered' })),
    )
    peakRss = Math.max(peakRss, rss())
  }
  console.log(JSON.stringify({ ...meter.stop(drained), readyMs, readyRss, peakRss, bytes }))
  await queue.close()
}

function startMeter() {
  const latencies = []
  const cpu = process.cpuUsage()
  const main = mainThreadUs()
  const started = performance.now()
  return {
    latency: (ms) => latencies.push(ms),
    stop(count) {
      const seconds = (performance.now() - started) / 1_000
      const { user, system } = process.cpuUsage(cpu)
      latencies.sort((one, other) => one - other)
      const at = (share) => latencies[Math.floor(latencies.length * share)] ?? 0
      return {
        perSecond: count / seconds,
        cpuUs: (user + system) / count,
        mainUs: main && (mainThreadUs() - main) / count,
        p50Ms: at(0.5),
        p99Ms: at(0.99),
        // A commit that has to wait for a checkpoint, every 8 MB.
        longestMs: latencies.at(-1) ?? 0,
      }
    },
  }
}

/** What the main thread alone has used, in microseconds, where Linux says it. */
function mainThreadUs() {
  const file = `/proc/self/task/${process.pid}/schedstat`
  return existsSync(file) ? Number(readFileSync(file, 'utf8').split(' ')[0]) / 1_000 : undefined
}

function someEvent(index) {
  const eventId = `0193a7c2-8d1e-7b3a-9c4d-${index.toString(16).padStart(12, '0')}`
  const json = `{"event_name":"Purchase","event_time":1768478400,"event_id":"${eventId}","action_source":"website",${JSON_TAIL}`
  return { lane: PIXEL, eventName: 'Purchase', eventId, eventTimeMs: 1_768_478_400_000, deadlineMs: 4e12, json }
}

function open(folder) {
  const log = { info() {}, warn: console.error, error: console.error }
  return openQueue(`sqlite:${join(folder, 'queue.db')}`, { maxBytes: 20e9, log, observe() {}, now: Date.now })
}

function rss() {
  return process.memoryUsage.rss() / 1e6
}

async function inFolder(use) {
  const folder = mkdtempSync(join(values.folder, 'pixel-mirror-bench-'))
  try {
    return await use(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Runs a part of this file in a process of its own and reads the line it prints. */
function child(childArgs) {
  return new Promise((resolve, reject) => {
    const started = spawn(process.execPath, [THIS_FILE, ...childArgs], { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    started.stdout.on('data', (text) => (output += text))
    started.on('close', () => {
      try {
        resolve(JSON.parse(output))
      } catch (error) {
        reject(error)
      }
    })
  })
}

/** Syncs an event, counted by `strace` where it is installed. */
function countSyncs(childArgs) {
  const trace = ['-f', '-c', '-e', 'trace=fsync,fdatasync', process.execPath, THIS_FILE, ...childArgs]
  const { error, stderr } = spawnSync('strace', trace, { encoding: 'utf8' })
  if (error !== undefined) return undefined
  const calls = [...stderr.matchAll(/^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+).*\bf(?:data)?sync$/gm)]
  const total = calls.reduce((sum, [, count]) => sum + Number(count), 0)
  const [, , count] = childArgs
  return total / (Number(count) + Math.min(5_000, Number(count) / 4))
}
