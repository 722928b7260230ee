/**
 * Durable ingest beside the least that could answer: a bare `node:http` server that parses the same JSON and says 200, and bare Koa with its router.
 *
 *     node bench/ingest.mjs [--seconds 4] [--rounds 3] [--connections 64]
 *
 * Needs a build (`pnpm build`). Every server is a process of its own and is loaded from this one over keep-alive connections, turn by turn, so that what
 * else the machine does hits all alike. Printed are the medians: requests a second, the ratio to bare, CPU time of the server a request, p99 of the
 * answer, and for the collector fsyncs an event where `strace` is installed. One event and ten events a request.
 */
import { fork, spawn, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { Agent, createServer, request } from 'node:http'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const API_KEY = 'bench-only-0123456789abcdef'
const COMMAND = new URL('../packages/collector/bin/pixel-mirror.js', import.meta.url).pathname

if (process.argv[2] === 'serve') serve(process.argv[3])
else await main()

/** The baselines: read the body, parse it, answer. */
function serve(kind) {
  const parse = (req, done) => {
    const chunks = []
    req.on('data', (chunk) => chunks.push(chunk))
    req.on('end', () => done(JSON.parse(Buffer.concat(chunks).toString())))
  }
  let listener
  if (kind === 'bare') {
    listener = (req, res) =>
      parse(req, ({ data }) => {
        const body = `{"events_received":${data.length}}`
        res.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length })
        res.end(body)
      })
  } else {
    const require = createRequire(new URL('../packages/collector/package.json', import.meta.url))
    const Koa = require('koa').default ?? require('koa')
    const { default: Router } = require('@koa/router')
    const router = new (Router ?? require('@koa/router'))()
    router.post('/events', async (ctx) => {
      const { data } = await new Promise((resolve) => parse(ctx.req, resolve))
      ctx.body = { events_received: data.length }
    })
    listener = new Koa().use(router.routes()).callback()
  }
  const server = createServer(listener)
  server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }))
}

async function main() {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '4' },
      rounds: { type: 'string', default: '3' },
      connections: { type: 'string', default: '64' },
    },
  })
  const seconds = Number(values.seconds)
  const connections = Number(values.connections)
  const graph = await startGraph()
  const folder = await mkdtemp(join(tmpdir(), 'pixel-mirror-bench-'))
  const servers = [await baseline('bare'), await baseline('koa'), await collector(folder, graph.port)]

  for (const eventsPerRequest of [1, 10]) {
    const results = new Map(servers.map(({ name }) => [name, []]))
    for (let round = 0; round < Number(values.rounds) + 1; round++) {
      for (const server of servers) {
        const result = await load(server, { seconds, connections, eventsPerRequest })
        // The first round warms up.
        if (round > 0) results.get(server.name).push(result)
      }
    }
    const bare = median(results.get('bare').map(({ perSecond }) => perSecond))
    console.log(`\n${eventsPerRequest} event(s) a request, ${connections} connections`)
    console.table(
      Object.fromEntries(
        [...results].map(([name, some]) => {
          const perSecond = median(some.map((one) => one.perSecond))
          return [
            name,
            {
              'requests/s': Math.round(perSecond),
              'ratio to bare': Number((perSecond / bare).toFixed(2)),
              'CPU µs/request': Math.round(median(some.map((one) => one.cpuUs))),
              'p99 ms': Number(median(some.map((one) => one.p99Ms)).toFixed(1)),
              failed: some.reduce((sum, one) => sum + one.failed, 0),
            },
          ]
        }),
      ),
    )
  }
  const fsyncs = await fsyncsPerEvent(servers[2], connections)
  console.log(
    fsyncs === undefined
      ? 'fsyncs an event: strace is not installed'
      : `fsyncs an event at ${connections} connections: ${fsyncs.toFixed(4)}`,
  )

  for (const { child } of [...servers, graph]) child.kill('SIGKILL')
  await rm(folder, { recursive: true, force: true })
}

async function baseline(name) {
  const child = fork(new URL(import.meta.url), ['serve', name])
  const { port } = await new Promise((resolve) => child.once('message', resolve))
  return { name, child, port, path: '/events' }
}

/** Meta's stand-in counts and answers, in a process of its own. */
async function startGraph() {
  return baseline('bare')
}

async function collector(folder, graphPort) {
  const child = spawn(process.execPath, [COMMAND, 'start'], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      HOST: '127.0.0.1',
      PORT: '0',
      ADMIN_PORT: '0',
      META_PIXEL_ID: '1234567890',
      META_ACCESS_TOKEN: 'bench-token-0123456789',
      META_GRAPH_URL: `http://127.0.0.1:${graphPort}`,
      API_KEYS: API_KEY,
      MAX_QUEUE_BYTES: '20gb',
      LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let printed = ''
  const port = await new Promise((resolve) =>
    child.stdout.on('data', (text) => {
      printed += text
      const match = /Collector\s+http:\/\/[^:]+:(\d+)/.exec(printed)
      if (match) resolve(Number(match[1]))
    }),
  )
  return { name: 'collector', child, port, path: '/events' }
}

let nextId = 0

function body(count) {
  const data = Array.from({ length: count }, () => ({
    event_name: 'Purchase',
    event_id: `bench-${++nextId}-${process.pid}`,
    event_time: Math.floor(Date.now() / 1000),
    action_source: 'website',
    event_source_url: 'https://shop.example.com/checkout/thanks?step=3',
    user_data: {
      em: `visitor.${nextId}@example.com`,
      ph: '+49 170 1234567',
      fn: 'Jo',
      ln: 'Müller',
      ct: 'Berlin',
      country: 'de',
      external_id: `customer-${nextId}`,
      client_ip_address: '203.0.113.9',
      client_user_agent:
        'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/147.0.0.0 Safari/537.36',
      fbp: 'fb.1.1763999000000.1234567890',
    },
    custom_data: {
      value: 119.9,
      currency: 'EUR',
      order_id: `order-${nextId}`,
      content_type: 'product',
      contents: [{ id: 'round-40', quantity: 1, item_price: 119.9 }],
    },
  }))
  return Buffer.from(JSON.stringify({ data }))
}

/** Keeps every connection busy for some seconds. */
async function load({ port, path, child }, { seconds, connections, eventsPerRequest }) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const latencies = []
  let failed = 0
  const cpuBefore = await cpuUsOf(child.pid)
  const startedAtMs = performance.now()
  const endsAtMs = startedAtMs + seconds * 1000

  async function connection() {
    while (performance.now() < endsAtMs) {
      const sentAtMs = performance.now()
      const status = await post(agent, port, path, body(eventsPerRequest))
      latencies.push(performance.now() - sentAtMs)
      if (status !== 200) failed++
    }
  }
  await Promise.all(Array.from({ length: connections }, connection))
  const elapsedS = (performance.now() - startedAtMs) / 1000
  const cpuUs = (await cpuUsOf(child.pid)) - cpuBefore
  agent.destroy()
  latencies.sort((a, b) => a - b)
  return {
    perSecond: latencies.length / elapsedS,
    cpuUs: cpuUs / latencies.length,
    p99Ms: latencies[Math.floor(latencies.length * 0.99)],
    failed,
  }
}

function post(agent, port, path, payload) {
  return new Promise((resolve) => {
    const req = request(
      {
        agent,
        host: '127.0.0.1',
        port,
        path,
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'content-length': payload.length,
          authorization: `Bearer ${API_KEY}`,
        },
      },
      (res) => {
        res.resume()
        res.on('end', () => resolve(res.statusCode))
      },
    )
    req.on('error', () => resolve(0))
    req.end(payload)
  })
}

/** User and system time of a process so far, its threads included, in microseconds. */
async function cpuUsOf(pid) {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const TICKS_PER_SECOND = 100
  return ((Number(fields[11]) + Number(fields[12])) * 1e6) / TICKS_PER_SECOND
}

async function fsyncsPerEvent(server, connections) {
  if (spawnSync('strace', ['-V']).error) return undefined
  const strace = spawn('strace', ['-f', '-c', '-e', 'trace=fsync,fdatasync', '-p', String(server.child.pid)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let report = ''
  strace.stderr.on('data', (text) => (report += text))
  const { perSecond } = await load(server, { seconds: 3, connections, eventsPerRequest: 1 })
  strace.kill('SIGINT')
  await new Promise((resolve) => strace.once('close', resolve))
  const calls = [...report.matchAll(/^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s.*(?:fsync|fdatasync)$/gm)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  )
  return calls / (perSecond * 3)
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}
