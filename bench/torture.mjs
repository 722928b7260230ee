/**
 * The torture rack: an oracle remembers every acknowledgement, while the collector is killed, frozen and restarted at random moments and Meta
 * misbehaves in every way; then everything is calm, and every acknowledged event must have arrived.
 *
 *     node bench/torture.mjs [--seconds 30] [--seed 1] [--clients 8] [--parks]
 *
 * Needs a build (`pnpm build`). The same seed gives the same faults in the same order; what they hit is up to the machine. `--parks` also revokes
 * tokens: a parked pixel is tried again after a minute, so the run takes longer.
 * Ends with a verdict and exit code 1 if anything was lost, or if an event reached Meta that it refuses.
 */
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createSandbox } from '../packages/sandbox/dist/index.js'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '30' },
    seed: { type: 'string', default: String((Date.now() / 1000) | 0) },
    clients: { type: 'string', default: '8' },
    parks: { type: 'boolean', default: false },
  },
})
const seconds = Number(values.seconds)
const seed = Number(values.seed)
const COMMAND = new URL('../packages/collector/bin/pixel-mirror.js', import.meta.url).pathname
const API_KEY = 'torture-only-0123456789abcdef'
const PIXELS = ['1000000000000001', '1000000000000002', '1000000000000003']
const CALM_WITHIN_MS = values.parks ? 180_000 : 90_000

/** Chance that can be had again. @returns numbers from 0 to below 1 */
function chance(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
const random = chance(seed)
const oneOf = (list) => list[Math.floor(random() * list.length)]
const between = (low, high) => low + random() * (high - low)

/** Meta's faults, each for a while and for one pixel or for all. */
const GRAPH_FAULTS = [
  { kind: 'server_error' },
  { kind: 'server_error', taken: true },
  { kind: 'html' },
  { kind: 'reset' },
  { kind: 'reset', taken: true },
  { kind: 'hang' },
  { kind: 'half' },
  { kind: 'throttle', retryAfterS: 1, regainMinutes: 0 },
  { kind: 'latency', ms: 300, jitterMs: 300 },
  ...(values.parks ? [{ kind: 'bad_token' }] : []),
]

const oracle = {
  /** Ids of events that were acknowledged. */
  acknowledged: new Set(),
  unanswered: 0,
  refused: 0,
  faults: new Map(),
}

async function main() {
  const folder = await mkdtemp(join(tmpdir(), 'pixel-mirror-torture-'))
  const sandbox = createSandbox({ keep: 'ids' })
  const { url } = await sandbox.start()
  const collector = await createCollectorProcess(folder, url)
  console.log(`seed ${seed}, ${seconds} s, ${values.clients} clients, ${PIXELS.length} pixels`)

  // Events of this name are refused by Meta whatever they hold: they must end as dead letters and take no other with them.
  sandbox.behave({ kind: 'poison', event_name: 'Poison' })
  await collector.start()
  const endsAtMs = Date.now() + seconds * 1000
  const load = Array.from({ length: Number(values.clients) }, (_, index) => client(index, collector, endsAtMs))
  await chaos(collector, sandbox, endsAtMs)
  await Promise.all(load)

  sandbox.clearBehaviours()
  sandbox.behave({ kind: 'poison', event_name: 'Poison' })
  await collector.ensureRunning()
  const calm = await untilCalm(collector)
  const verdict = judge(sandbox, calm)
  await collector.stop('SIGTERM')
  await sandbox.stop()
  await rm(folder, { recursive: true, force: true })

  console.table(Object.fromEntries(oracle.faults))
  console.table(verdict)
  process.exitCode = verdict.lost === 0 && verdict.invalidLetThrough === 0 && verdict.gap === 0 ? 0 : 1
  if (process.exitCode) console.log(`FAILED. Again: node bench/torture.mjs --seed ${seed} --seconds ${seconds}`)
}

/** Sends events until the end, and tells the oracle what was acknowledged. */
async function client(index, collector, endsAtMs) {
  for (let round = 0; Date.now() < endsAtMs; round++) {
    const events = Array.from({ length: 1 + (round % 5) }, (_, place) => event(`${index}-${round}-${place}`, round))
    try {
      const answer = await fetch(`${collector.url}/events`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${API_KEY}` },
        body: JSON.stringify({ data: events }),
        signal: AbortSignal.timeout(5_000),
      })
      const body = await answer.json()
      if (answer.status === 200) {
        const rejected = new Set((body.rejected ?? []).map((one) => one.index))
        events.forEach((one, place) => rejected.has(place) || oracle.acknowledged.add(key(one)))
      } else oracle.refused += events.length
    } catch {
      // No answer, no promise: the event may be there or not.
      oracle.unanswered += events.length
      await wait(20)
    }
  }
}

/** One in fifty is an event that Meta would refuse; the collector must see that. One in two hundred is poison. */
function event(id, round) {
  const invalid = round % 50 === 7
  const poison = round % 200 === 11
  return {
    pixel_id: PIXELS[round % PIXELS.length],
    event_name: poison ? 'Poison' : invalid ? 'Purchase' : 'Lead',
    event_id: id,
    event_time: Math.floor(Date.now() / 1000),
    action_source: 'website',
    event_source_url: 'https://shop.example/',
    user_data: {
      em: `visitor-${id}@example.com`,
      client_ip_address: '203.0.113.9',
      client_user_agent: 'Mozilla/5.0 torture',
    },
    ...(!invalid && { custom_data: { value: 1, currency: 'EUR' } }),
  }
}

const key = ({ pixel_id, event_name, event_id }) => `${pixel_id} ${event_name} ${event_id}`

async function chaos(collector, sandbox, endsAtMs) {
  const note = (name) => oracle.faults.set(name, { times: (oracle.faults.get(name)?.times ?? 0) + 1 })
  const onCollector = {
    async kill() {
      await collector.stop('SIGKILL')
      await collector.start()
    },
    async restart() {
      await collector.stop('SIGTERM')
      await collector.start()
    },
    async freeze() {
      collector.signal('SIGSTOP')
      await wait(between(50, 1_000))
      collector.signal('SIGCONT')
    },
    async killWhileStarting() {
      await collector.stop('SIGKILL')
      const starting = collector.start().catch(() => undefined)
      await wait(between(10, 400))
      await collector.stop('SIGKILL')
      await starting
      await collector.start()
    },
  }
  while (Date.now() < endsAtMs) {
    if (random() < 0.5) {
      const fault = oneOf(GRAPH_FAULTS)
      const end = sandbox.behave(random() < 0.5 ? { ...fault, pixel_id: oneOf(PIXELS) } : fault)
      note(`Meta: ${fault.kind}${fault.taken ? ', after taking the batch' : ''}`)
      setTimeout(end, between(200, 2_000))
    } else {
      const name = oneOf(['kill', 'kill', 'restart', 'freeze', 'killWhileStarting'])
      note(`collector: ${name}`)
      await onCollector[name]()
    }
    await wait(between(50, 700))
  }
}

async function createCollectorProcess(folder, graphUrl) {
  const [port, adminPort] = [await freePort(), await freePort()]
  const config = join(folder, 'config.json')
  await writeFile(
    config,
    JSON.stringify({ pixels: PIXELS.map((id) => ({ id, accessToken: `torture-token-${id}`, allowedOrigins: [] })) }),
  )
  let child
  const collector = {
    url: `http://127.0.0.1:${port}`,
    adminUrl: `http://127.0.0.1:${adminPort}`,
    async start() {
      const started = spawn(process.execPath, [COMMAND, 'start', '--config', config], {
        cwd: folder,
        env: {
          PATH: process.env.PATH,
          HOST: '127.0.0.1',
          PORT: String(port),
          ADMIN_PORT: String(adminPort),
          META_GRAPH_URL: graphUrl,
          API_KEYS: API_KEY,
          QUEUE_URL: `sqlite:${join(folder, 'queue.db')}`,
          LOG_LEVEL: 'error',
        },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      child = started
      await new Promise((resolve, reject) => {
        started.stdout.once('data', resolve)
        started.once('exit', (code, signal) => reject(new Error(`The collector ended (${signal ?? code}).`)))
      })
    },
    signal: (signal) => child.kill(signal),
    async stop(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill(signal)
      await ended
    },
    async ensureRunning() {
      if (child.exitCode !== null || child.signalCode !== null) await collector.start()
    },
  }
  return collector
}

/** Waits until nothing waits any more; the books as they are then. */
async function untilCalm(collector) {
  const givenUpAtMs = Date.now() + CALM_WITHIN_MS
  for (;;) {
    const books = await readBooks(collector)
    if (books.waiting === 0 || Date.now() > givenUpAtMs) return books
    await wait(250)
  }
}

async function readBooks({ adminUrl }) {
  const { books } = await (await fetch(`${adminUrl}/admin/queue`)).json()
  const sum = (name) => books.reduce((total, page) => total + page[name], 0)
  return { waiting: sum('waiting'), dead: sum('dead'), gap: sum('gap') }
}

function judge(sandbox, { waiting, dead, gap }) {
  const copies = sandbox.copies()
  const arrived = new Map(copies.map((one) => [key(one), one.serverCopies]))
  const missing = [...oracle.acknowledged].filter((id) => !arrived.has(id))
  const poisoned = missing.filter((id) => id.includes(' Poison '))
  return {
    acknowledged: oracle.acknowledged.size,
    arrived: [...oracle.acknowledged].filter((id) => arrived.has(id)).length,
    arrivedTwice: [...arrived.values()].filter((count) => count > 1).length,
    deadAsTheyShould: poisoned.length,
    deadLetters: dead,
    stillWaiting: waiting,
    lost: missing.length - poisoned.length + Math.max(0, poisoned.length - dead),
    invalidLetThrough: copies.filter(({ event_name }) => event_name === 'Purchase').length,
    unanswered: oracle.unanswered,
    refusedWith503: oracle.refused,
    gap,
  }
}

async function freePort() {
  const probe = createServer()
  await new Promise((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  return port
}

await main()
