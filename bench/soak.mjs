/**
 * Hours of a busy shop in minutes: a steady load far above a shop's, and everything that could creep up sampled all the while.
 *
 *     node bench/soak.mjs [--minutes 3] [--rate 500] [--svg docs/soak.svg] [--json]
 *
 * Needs a build (`pnpm build`). 500 events a second for ten minutes are 300,000: a shop with one event a second needs three and a half days for that.
 * Sampled are memory, the JavaScript heap, open handles, the queue's files, waiting events, and the time until an event is acknowledged. Whether
 * something grows is told by its last quarter beside its second; the first is for warming up. Every slice of the load opens new connections.
 */
import { fork } from 'node:child_process'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { collectorProcess } from './lib/collector-process.mjs'
import { notes } from './lib/notes.mjs'
import { openHandles, residentMegabytes } from './lib/process-usage.mjs'
import { sandboxProcess } from './lib/sandbox-process.mjs'
import { svgChart } from './lib/svg-chart.mjs'
import { growth, median } from './lib/trend.mjs'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '3' },
    rate: { type: 'string', default: '500' },
    svg: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})
const MINUTES = Number(values.minutes)
const RATE = Number(values.rate)
/** At most so many, and at most one a second. */
const SAMPLES = Math.min(120, Math.floor(MINUTES * 60))
const SLICE_S = (MINUTES * 60) / SAMPLES

/** What is sampled, and how much more of it there may be at the end. Without a bound it is only shown. */
const SERIES = {
  residentMb: { what: 'memory', unit: 'MB', most: 1.15 },
  heapMb: { what: 'JavaScript heap', unit: 'MB', most: 1.25 },
  handles: { what: 'open handles', unit: '', most: 1.05 },
  queueMb: { what: 'queue file', unit: 'MB' },
  logMb: { what: 'log beside it', unit: 'MB', most: 1.25 },
  waiting: { what: 'waiting events', unit: '', most: 1.5 },
  p50Ms: { what: 'acknowledged after, median', unit: 'ms', most: 1.5 },
  p99Ms: { what: 'acknowledged after, p99', unit: 'ms' },
}

async function main() {
  const folder = await mkdtemp(join(tmpdir(), 'pixel-mirror-soak-'))
  const meta = await sandboxProcess('counts')
  const collector = await collectorProcess({ folder, graphUrl: meta.url, env: { RATE_LIMIT: '1000000' } })
  const sender = fork(new URL('./ingest/load.mjs', import.meta.url))
  const end = () => {
    sender.kill('SIGKILL')
    if (collector.runs) collector.signal('SIGKILL')
  }
  process.once('exit', end)
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))

  try {
    await collector.start()
    const samples = []
    let acknowledged = 0
    let failed = 0
    for (let slice = 0; slice < SAMPLES; slice++) {
      const sent = await send(sender, { port: collector.port, connections: 16, seconds: SLICE_S, rate: RATE })
      acknowledged += sent.requests - sent.failed
      failed += sent.failed
      samples.push({ ...(await look(collector, join(folder, 'queue.db'))), p50Ms: sent.p50Ms, p99Ms: sent.p99Ms })
    }
    const { gap } = await allDelivered(collector)
    const { counted } = await meta.counts()
    await conclude(samples, { acknowledged, failed, counted, gap })
  } finally {
    sender.kill('SIGKILL')
    await collector.stop('SIGTERM')
    meta.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

async function send(sender, order) {
  sender.send({ eventsPerRequest: 1, ...order })
  const result = await new Promise((resolve) => sender.once('message', resolve))
  if (result.error) throw new Error(result.error)
  return result
}

async function look(collector, queueFile) {
  const megabytes = async (file) => (await stat(file)).size / 1e6
  const [metrics, { waiting }] = await Promise.all([
    fetch(`${collector.adminUrl}/metrics`).then((answer) => answer.text()),
    collector.queue(),
  ])
  return {
    residentMb: await residentMegabytes(collector.pid),
    heapMb: Number(/^nodejs_heap_size_used_bytes (\S+)/m.exec(metrics)?.[1]) / 1e6,
    handles: await openHandles(collector.pid),
    queueMb: await megabytes(queueFile),
    logMb: await megabytes(`${queueFile}-wal`),
    waiting,
  }
}

async function allDelivered(collector) {
  for (;;) {
    const queue = await collector.queue()
    if (queue.waiting === 0) return queue
    await wait(200)
  }
}

async function conclude(samples, { acknowledged, failed, counted, gap }) {
  const { note, print, report } = notes('soak')
  for (const [name, { what, unit, most }] of Object.entries(SERIES)) {
    const series = samples.map((sample) => sample[name])
    note(`${what}, at the end`, median(series.slice(-SAMPLES / 4)), unit)
    note(`${what}, last quarter beside the second`, growth(series), '×', most !== undefined && { atMost: most })
  }
  note('events acknowledged', acknowledged, '')
  note('of them delivered', (counted / acknowledged) * 100, '%', { atLeast: 100 })
  note('requests that failed', failed, '', { atMost: 0 })
  note('gap in the books', gap, '', { aim: '0', reached: gap === 0 })
  console.log(`${MINUTES} minutes, ${RATE} events a second`)
  print()
  if (values.svg) await writeFile(values.svg, picture(samples))
  if (values.json) report()
}

function picture(samples) {
  const line = (name) => ({ name: SERIES[name].what, values: samples.map((sample) => sample[name]) })
  return svgChart({
    title: `${MINUTES} minutes at ${RATE} events a second`,
    until: `${MINUTES} minutes`,
    panels: [
      { title: 'Memory', unit: 'MB', lines: [line('residentMb'), line('heapMb')] },
      { title: 'Open handles', unit: '', lines: [line('handles')] },
      { title: 'On disk', unit: 'MB', lines: [line('queueMb'), line('logMb')] },
      { title: 'Waiting events', unit: '', lines: [line('waiting')] },
      {
        title: 'Acknowledged after',
        unit: 'ms',
        lines: [line('p50Ms'), line('p99Ms')].map((one) => ({ ...one, name: one.name.replace(/.*, /, '') })),
      },
    ],
  })
}

await main()
