/**
 * How much may wait: the time until the collector is ready, its memory, and the cost of an event, with ten thousand to ten million waiting.
 *
 *     node bench/scale.mjs [--sizes 10000,100000,1000000] [--long] [--json]
 *
 * Needs a build (`pnpm build`). The queue file is filled by the queue itself and its owner is killed, as in a crash; then the real command starts on
 * it while Meta asks to come again later, so that what it needs to be ready is seen alone; then another start, and everything is drained into a
 * stand-in that only counts. `--long` adds ten million events: 5 GB on the disk and some minutes.
 */
import { spawn } from 'node:child_process'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { killAll, startBaseline, startCollector } from './ingest/servers.mjs'
import { notes } from './lib/notes.mjs'
import { residentMegabytes } from './lib/process-usage.mjs'
import { sandboxProcess } from './lib/sandbox-process.mjs'

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '10000,100000,1000000' },
    long: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})
const SIZES = [...values.sizes.split(',').map(Number), ...(values.long ? [10_000_000] : [])]
/** What a million waiting may cost. */
const MOST_READY_MS = 1_000
const MOST_MEGABYTES = 200
/** Above this the cost of an event is not flat: half as much again as with the smallest backlog that is measured well. */
const MOST_GROWTH = 1.5
const STALLED_MS = 60_000
const FILL = new URL('./scale/fill.mjs', import.meta.url).pathname

const { note, print, report } = notes('scale')

async function main() {
  const costs = []
  for (const size of SIZES) {
    const folder = await mkdtemp(join(tmpdir(), 'pixel-mirror-scale-'))
    try {
      costs.push(await measure(size, folder))
    } finally {
      killAll()
      await rm(folder, { recursive: true, force: true })
    }
  }
  flatness(costs)
  print()
  if (values.json) report()
}

async function measure(size, folder) {
  await fill(join(folder, 'data', 'queue.db'), size)
  const bytes = await bytesOf(join(folder, 'data'))
  const name = size.toLocaleString('en')
  console.log(`\n${name} waiting, ${Math.round(bytes / 1e6)} MB`)

  const away = await startBaseline('away')
  const startedAtMs = performance.now()
  const idle = await startCollector(folder, away.port)
  await ready(idle.port)
  const readyMs = performance.now() - startedAtMs
  const readyMegabytes = await residentMegabytes(idle.pid)
  await idle.stop()
  await away.stop()

  const meta = await sandboxProcess('counts')
  const draining = await startCollector(folder, meta.port)
  const { cpuUs, seconds, mostMegabytes } = await drain(draining, meta, size)
  await draining.stop()
  meta.stop()

  const isLarge = size >= 1_000_000
  note(`${name} waiting: ready after`, readyMs, 'ms', isLarge && { atMost: MOST_READY_MS })
  note(`${name} waiting: memory when ready`, readyMegabytes, 'MB')
  note(`${name} waiting: most memory while draining`, mostMegabytes, 'MB', isLarge && { atMost: MOST_MEGABYTES })
  note(`${name} waiting: drained`, size / seconds, 'events/s')
  return { size, cpuUs, readyMs }
}

/** CPU time between the first tenth and the end: the first events also pay for the start. */
async function drain(server, meta, size) {
  let mostMegabytes = 0
  let first
  let counted = 0
  for (let sinceMs = performance.now(); counted < size;) {
    await wait(50)
    const { counted: now } = await meta.counts()
    mostMegabytes = Math.max(mostMegabytes, await residentMegabytes(server.pid))
    if (now > counted) sinceMs = performance.now()
    if (performance.now() - sinceMs > STALLED_MS) throw new Error(`Only ${counted} of ${size} arrived.`)
    counted = now
    if (first === undefined && counted >= size / 10) {
      first = { counted, cpuUs: await server.cpuUs(), atMs: performance.now() }
    }
  }
  const seconds = (performance.now() - first.atMs) / 1_000
  // The small ones are through before they are seen: then there is nothing to divide by.
  const measured = counted - first.counted
  return {
    mostMegabytes,
    seconds: (seconds * size) / Math.max(1, measured),
    cpuUs: measured > 0 ? ((await server.cpuUs()) - first.cpuUs) / measured : NaN,
  }
}

function flatness(costs) {
  const measured = costs.filter(({ cpuUs }) => Number.isFinite(cpuUs))
  for (const { size, cpuUs } of measured)
    note(`${size.toLocaleString('en')} waiting: CPU while draining`, cpuUs, 'µs/event')
  const [small, large] = [measured.at(-2), measured.at(-1)]
  if (small === undefined || large === undefined) return
  const growth = large.cpuUs / small.cpuUs
  const what = `CPU an event with ${large.size.toLocaleString('en')} beside ${small.size.toLocaleString('en')} waiting`
  note(what, growth, '×', { atMost: MOST_GROWTH })
}

/** Resolves when the file is full and its owner is dead. */
function fill(file, size) {
  const child = spawn(process.execPath, [FILL, file, String(size)], { stdio: ['ignore', 'inherit', 'inherit'] })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) =>
      signal === 'SIGKILL' ? resolve() : reject(new Error(`Filling ended (${code}).`)),
    )
  })
}

/** Most of a small backlog lies in the log beside the file. */
async function bytesOf(folder) {
  const sizes = (await readdir(folder)).map(async (name) => (await stat(join(folder, name))).size)
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}

async function ready(port) {
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}/health/ready`).catch(() => undefined)
    if (answer?.ok) return
    await wait(5)
  }
}

await main()
