/**
 * Durable ingest beside the least that could answer: a bare `node:http` server that parses the same JSON and says 200, and bare Koa with
 * its router.
 *
 *     node bench/ingest.mjs [--seconds 3] [--rounds 5] [--connections 64] [--json]
 *
 * Needs a build (`npm run build`). Every server is a process of its own, loaded by one sender, turn by turn, so that what else the
 * machine does hits all alike; the numbers are medians of the rounds, after some that only warm up: V8 takes ten seconds to have
 * compiled a collector under load, and one to have compiled bare `node:http`. The collector is the real command with its queue in a file.
 * It stands in three rows:
 *
 * - `collector`: a server's events, while Meta is away and has asked to come again in an hour. So this is ingest alone: read, checked,
 *   normalised, hashed, on disk, answered, watched by metrics and inspector. What relaying costs, `bench/relay.mjs` measures.
 * - `from browsers`: the same with a browser's headers: origin and cookies are read, cookies renewed.
 * - `and relaying`: the same as the first, and every event goes on to a stand-in for Meta meanwhile.
 *
 * CPU time is that of the process with all its threads. Then, at half of the load that it stood: how long an answer and the event loop
 * take. Last, syncs an event, counted by `strace` where it is installed.
 */
import { fork, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { killAll, startBaseline, startCollector, within } from './ingest/servers.mjs'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '5' },
    connections: { type: 'string', default: '64' },
    json: { type: 'boolean', default: false },
  },
})
const SECONDS = Number(values.seconds)
const ROUNDS = Number(values.rounds)
const CONNECTIONS = Number(values.connections)
const NODE_MAJOR = Number(process.versions.node.split('.')[0])

/** A collector runs for weeks: what its first seconds cost is not of interest here. */
const WARM_UP_ROUNDS = 3

/** One event a request: what is aimed at. The CPU aim is 50 µs beside bare's 28. */
const AIMS = {
  1: { ratio: NODE_MAJOR >= 24 ? 0.65 : 0.55, cpuRatio: 50 / 28 },
  10: { ratio: 0.35 },
}
const MOST_P99_MS = 10
const MOST_LOOP_P99_MS = 5
const MOST_SYNCS = 0.05

const sender = fork(new URL('./ingest/load.mjs', import.meta.url))
const folders = []
const rows = []
try {
  console.log(
    `Node ${process.version}, ${CONNECTIONS} connections, ${ROUNDS} rounds of ${SECONDS} s, all with 1 event a request, then all with 10`,
  )
  const stood = await compare(1)
  await compare(10)
  if (stood > 0) await atHalfLoad(stood / 2)
  await syncsPerEvent()
} finally {
  sender.kill('SIGKILL')
  killAll()
  for (const folder of folders) await rm(folder, { recursive: true, force: true })
}
if (values.json) console.log(JSON.stringify({ name: 'ingest', rows }))

/** All servers in turn. @returns the requests a second that the collector stood */
async function compare(eventsPerRequest) {
  const meta = await startBaseline('meta')
  const away = await startBaseline('away')
  const collector = await startCollector(await folder(), away.port)
  const servers = {
    'bare node:http': await startBaseline('bare'),
    'Koa + router': await startBaseline('koa'),
    collector,
    '  from browsers': collector,
    '  and relaying': await startCollector(await folder(), meta.port),
  }
  const results = Object.fromEntries(Object.keys(servers).map((name) => [name, []]))
  const failures = []
  for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round++) {
    for (const [name, server] of Object.entries(servers)) {
      const order = { eventsPerRequest, sender: name.includes('browsers') ? 'browser' : 'server' }
      const result = await load(server, order).catch((error) => ({ error: String(error) }))
      if (result.error ?? result.firstFailure) failures.push(`${name}: ${result.error ?? result.firstFailure}`)
      if (round >= WARM_UP_ROUNDS && result.requests > 0) results[name].push(result)
    }
  }
  for (const server of new Set([...Object.values(servers), meta, away])) await server.stop()

  tabulate(eventsPerRequest, results)
  for (const failure of failures.slice(0, 3)) console.log(`failed: ${failure}`)
  return median(results.collector.map(({ perSecond }) => perSecond))
}

function tabulate(eventsPerRequest, results) {
  const middle = (name, value) => median(results[name].map(value))
  const perSecond = (name) => middle(name, (one) => one.perSecond)
  const cpuUs = (name) => middle(name, (one) => one.cpuUs)
  console.log(`\n${eventsPerRequest === 1 ? '1 event' : `${eventsPerRequest} events`} a request`)
  const line = (...cells) => console.log(cells[0].padEnd(18), ...cells.slice(1).map((cell) => cell.padStart(12)))
  line('', 'requests/s', 'beside bare', 'CPU µs/req', 'beside bare', 'p50 ms', 'p99 ms', 'failed')
  for (const [name, rounds] of Object.entries(results)) {
    line(
      name,
      perSecond(name).toFixed(0),
      `${(perSecond(name) / perSecond('bare node:http')).toFixed(2)} ×`,
      cpuUs(name).toFixed(1),
      `${(cpuUs(name) / cpuUs('bare node:http')).toFixed(2)} ×`,
      middle(name, (one) => one.p50Ms).toFixed(1),
      middle(name, (one) => one.p99Ms).toFixed(1),
      String(rounds.reduce((sum, { failed }) => sum + failed, 0)),
    )
  }

  const { ratio, cpuRatio } = AIMS[eventsPerRequest]
  const title = `${eventsPerRequest} a request`
  for (const name of Object.keys(results).slice(1)) {
    const isAimed = name === 'collector'
    note(
      `${title}: ${name.trim()}, requests/s beside bare`,
      perSecond(name) / perSecond('bare node:http'),
      '×',
      isAimed ? { atLeast: ratio } : {},
    )
    note(
      `${title}: ${name.trim()}, CPU beside bare`,
      cpuUs(name) / cpuUs('bare node:http'),
      '×',
      isAimed && cpuRatio ? { atMost: cpuRatio } : {},
    )
  }
}

async function atHalfLoad(rate) {
  const away = await startBaseline('away')
  const collector = await startCollector(await folder(), away.port)
  for (let round = 0; round < WARM_UP_ROUNDS; round++) await load(collector, { eventsPerRequest: 1 })
  const rounds = []
  for (let round = 0; round < ROUNDS; round++) {
    await collector.watchLoop()
    const { p50Ms, p99Ms, failed } = await load(collector, { eventsPerRequest: 1, rate })
    rounds.push({ p50Ms, p99Ms, failed, loopP99Ms: await collector.loopP99Ms() })
  }
  await collector.stop()
  await away.stop()
  const p50Ms = median(rounds.map((one) => one.p50Ms))
  const p99Ms = median(rounds.map((one) => one.p99Ms))
  const loopP99Ms = median(rounds.map((one) => one.loopP99Ms))
  console.log(
    `\nAt half load, ${rate.toFixed(0)} requests/s: answer p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms; ` +
      `event loop p99 ${loopP99Ms.toFixed(1)} ms; failed ${rounds.reduce((sum, { failed }) => sum + failed, 0)}`,
  )
  note('half load: answer p99', p99Ms, 'ms', { atMost: MOST_P99_MS })
  note('half load: event loop p99', loopP99Ms, 'ms', { atMost: MOST_LOOP_P99_MS })
}

async function syncsPerEvent() {
  if (spawnSync('strace', ['-V']).error) {
    console.log('Syncs an event: strace is not installed')
    return
  }
  const own = await folder()
  const away = await startBaseline('away')
  const report = join(own, 'strace.txt')
  // As a grandchild (-D): then the process that we end is the collector itself.
  const trace = ['strace', '-D', '-f', '--seccomp-bpf', '-e', 'trace=fsync,fdatasync', '-o', report]
  const collector = await startCollector(own, away.port, trace)
  const countSyncs = async () => (await readFile(report, 'utf8')).match(/\bf(?:data)?sync\(/g)?.length ?? 0
  const before = await countSyncs()
  const { requests } = await load(collector, { eventsPerRequest: 1 })
  const syncs = ((await countSyncs()) - before) / requests
  await collector.stop()
  await away.stop()
  console.log(`Syncs an event, one a request, ${CONNECTIONS} at once: ${syncs.toFixed(4)}`)
  note(`syncs an event, ${CONNECTIONS} at once`, syncs, 'syncs', { atMost: MOST_SYNCS })
}

/** Loads one server for some seconds, when it has come to rest. */
async function load(server, order) {
  await server.rest()
  const cpuBefore = await server.cpuUs()
  sender.send({ port: server.port, connections: CONNECTIONS, seconds: SECONDS, ...order })
  const result = await within(
    (SECONDS + 30) * 1000,
    () => 'the sender says nothing',
    new Promise((resolve) => sender.once('message', resolve)),
  )
  if (result.error) throw new Error(result.error)
  return { ...result, cpuUs: ((await server.cpuUs()) - cpuBefore) / result.requests }
}

function note(what, value, unit, { atLeast, atMost } = {}) {
  const row = { what, value: Number(value.toFixed(4)), unit }
  if (atLeast !== undefined) Object.assign(row, { aim: `≥ ${atLeast.toFixed(2)}`, reached: value >= atLeast })
  if (atMost !== undefined) Object.assign(row, { aim: `≤ ${atMost.toFixed(2)}`, reached: value <= atMost })
  rows.push(row)
  if (row.aim) console.log(`${row.reached ? 'reached' : 'MISSED '} ${what}: ${row.value} ${unit} (aim ${row.aim})`)
}

async function folder() {
  const path = await mkdtemp(join(tmpdir(), 'pixel-mirror-bench-'))
  folders.push(path)
  return path
}

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN
}
