/**
 * The collector beside what people run today: Meta's own Node SDK in a Koa server, waiting for Meta or not, and the relay of most articles.
 *
 *     node bench/peers.mjs [--rate 300] [--seconds 4] [--json]
 *
 * Needs a build (`pnpm build`). The same events at the same rate for all, each with a stand-in for Meta of its own:
 *
 * - all is well: CPU time an event, until the last one has been delivered, and how many requests Meta got for it. One after the other.
 * - an outage: Meta answers 500 while events arrive, then is well again. How many of them arrive in the end?
 * - Meta hangs: it accepts connections and never answers. How many are open at the end, and how much memory has been added?
 *
 * The peers have no queue and no second try, and in the versions that are pinned here no time limit, as their originals.
 */
import { fork } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { killAll, startCollector, startServer, within } from './ingest/servers.mjs'
import { notes } from './lib/notes.mjs'
import { openSockets, residentMegabytes } from './lib/process-usage.mjs'
import { sandboxProcess } from './lib/sandbox-process.mjs'

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '300' },
    seconds: { type: 'string', default: '4' },
    json: { type: 'boolean', default: false },
  },
})
const RATE = Number(values.rate)
const SECONDS = Number(values.seconds)
const WARM_UP_RATE = 1_000
/** When nothing more has arrived for so long, nothing will. The collector may wait up to 16 s before its next try after such an outage. */
const QUIET_MS = { collector: 40_000, peer: 10_000 }
const MOST_SOCKETS = 16
const PEERS = new URL('./peers/servers.mjs', import.meta.url).pathname

const peer = (kind) => (_, meta) => startServer([PEERS, kind, meta.url], { portIn: /listening on (\d+)/ })
const CONTENDERS = {
  'Koa + Meta’s SDK, awaited': peer('sdk-await'),
  'Koa + Meta’s SDK, not awaited': peer('sdk-forget'),
  'Express, one fetch an event': peer('article'),
  'the collector': (folder, meta) => startCollector(folder, meta.port),
}
const OURS = 'the collector'

const { note, print, report } = notes('peers')
const folders = []
const senders = []

async function main() {
  try {
    await whenAllIsWell()
    await together('outage', anOutage)
    await together('hang', aHang)
  } finally {
    for (const sender of senders) sender.kill('SIGKILL')
    killAll()
    for (const folder of folders) await rm(folder, { recursive: true, force: true })
  }
  print()
  if (values.json) report()
}

/** A server with a Meta and a sender of its own. */
async function contender(name) {
  const folder = await mkdtemp(join(tmpdir(), 'pixel-mirror-peers-'))
  folders.push(folder)
  const meta = await sandboxProcess('ids')
  const server = await CONTENDERS[name](folder, meta)
  const sender = fork(new URL('./ingest/load.mjs', import.meta.url))
  senders.push(sender)
  return {
    name,
    meta,
    server,
    async send(order) {
      sender.send({ port: server.port, eventsPerRequest: 1, ...order })
      const answer = new Promise((resolve) => sender.once('message', resolve))
      const result = await within((order.seconds + 30) * 1000, () => `${name}: the sender says nothing`, answer)
      if (result.error) throw new Error(result.error)
      return result
    },
    async stop() {
      await server.stop()
      meta.stop()
      sender.kill('SIGKILL')
    },
  }
}

async function whenAllIsWell() {
  console.log(`All is well, ${RATE} events a second`)
  const cpu = {}
  for (const name of Object.keys(CONTENDERS)) {
    const one = await contender(name)
    const load = { connections: 64, seconds: SECONDS, rate: RATE }
    // The first ones compile the code.
    const { requests: warm } = await one.send({ ...load, rate: WARM_UP_RATE })
    await arrived(one, warm, 3_000)
    const before = { cpuUs: await one.server.cpuUs(), ...(await one.meta.counts()) }
    const { requests, failed } = await one.send(load)
    const after = await arrived(one, before.counted + requests, 5_000)
    cpu[name] = ((await one.server.cpuUs()) - before.cpuUs) / requests
    const calls = ((after.acceptedRequests - before.acceptedRequests) / requests) * 1_000
    note(`${name}: CPU`, cpu[name], 'µs/event')
    note(`${name}: requests to Meta`, calls, 'per 1,000 events')
    if (failed > 0) console.log(`${name}: ${failed} of ${requests} failed`)
    await one.stop()
  }
  const cheapest = Math.min(...Object.entries(cpu).flatMap(([name, us]) => (name === OURS ? [] : [us])))
  note('CPU of the cheapest peer beside the collector', cheapest / cpu[OURS], '×')
}

/** All contenders at once: what is asked here does not depend on how fast the machine is. */
async function together(title, experiment) {
  console.log(`\n${title}`)
  const all = []
  for (const name of Object.keys(CONTENDERS)) all.push(await contender(name))
  const results = await Promise.all(all.map(experiment))
  for (const result of results) for (const [what, ...rest] of result) note(what, ...rest)
  for (const one of all) await one.stop()
}

async function anOutage(one) {
  await one.meta.behave({ kind: 'server_error' })
  const { requests, failed } = await one.send({ connections: 16, seconds: 6, rate: 50 })
  await one.meta.behaveWell()
  const { counted } = await arrived(one, requests, isOurs(one) ? QUIET_MS.collector : QUIET_MS.peer)
  const share = (counted / requests) * 100
  const told = failed === 0 ? 'said “received” to all' : `said so to ${failed} of ${requests} senders`
  return [
    [`${one.name}: delivered after an outage of 6 s (${told})`, share, '%', isOurs(one) ? { atLeast: 100 } : undefined],
  ]
}

async function aHang(one) {
  const idle = await openSockets(one.meta.pid)
  const restMegabytes = await residentMegabytes(one.server.pid)
  await one.meta.behave({ kind: 'hang' })
  const sending = one.send({ connections: 800, seconds: 8, rate: 100 })
  await wait(9_000)
  const sockets = (await openSockets(one.meta.pid)) - idle
  const megabytes = (await residentMegabytes(one.server.pid)) - restMegabytes
  await sending
  return [
    [`${one.name}: connections to a Meta that hangs`, sockets, '', isOurs(one) ? { atMost: MOST_SOCKETS } : undefined],
    [`${one.name}: memory added meanwhile, 800 events`, megabytes, 'MB'],
  ]
}

/** Waits until so many have arrived, or nothing comes any more. What Meta's stand-in counted then. */
async function arrived({ meta }, expected, quietMs) {
  let counts = await meta.counts()
  for (let sinceMs = performance.now(); counts.counted < expected && performance.now() - sinceMs < quietMs;) {
    await wait(100)
    const now = await meta.counts()
    if (now.counted > counts.counted) sinceMs = performance.now()
    counts = now
  }
  return counts
}

const isOurs = ({ name }) => name === OURS

await main()
