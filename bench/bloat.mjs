/**
 * Whether PostgreSQL's tables stay as large as what waits in them, when many times that goes through: hours of writing and deleting, compressed.
 *
 *     node bench/bloat.mjs [--days 12] [--events 30000] [--json]
 *
 * Needs a build (`npm run build`). Two collectors' queues take in and hand out at the same time, about a thousand events always waiting, all through one
 * PostgreSQL with the settings it comes with, but for two that belong to the compression: a day of the queue's clock is a few seconds here, so
 * autovacuum looks each second instead of each minute; and its log may hold 64 MB, not 1 GB, so that one can see whether it keeps to it.
 *
 * Each day's end notes what tables, indexes and log take. The first days fill the tables of ids, one a day, of which four are in use.
 */
import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openQueue } from '../packages/collector/dist/index.js'
import { startPostgres } from './cluster/postgres-server.mjs'
import { notes } from './lib/notes.mjs'

const DAY_MS = 86_400_000
const MAX_LOG_MB = 64
/** One table a day. */
const DAYS_OF_IDS = 4
/** What is the same in all events of a shop; the rest are hashes, which nothing makes smaller. */
const SAME = `"action_source":"website","event_source_url":"https://shop.example.com/checkout","custom_data":{"currency":"EUR","content_type":"product"},"user_data":{"client_user_agent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/147.0.0.0 Safari/537.36","em":["`
const HASHES_BYTES = 5 * 32
const LANES = ['1000000000000001', '1000000000000002', '1000000000000003'].map((pixelId) => ({ pixelId }))
const WAITING = 1_000
const REQUEST = 20
const SILENT = { info() {}, warn() {}, error() {} }

const { values } = parseArgs({
  options: {
    days: { type: 'string', default: '12' },
    events: { type: 'string', default: '30000' },
    json: { type: 'boolean', default: false },
  },
})
const DAYS = Number(values.days)
const EVENTS = Number(values.events)

const { note, print, report } = notes('bloat')
const root = await mkdtemp(join(tmpdir(), 'pixel-mirror-bench-bloat-'))
// A database that runs as a user of its own must get to its folder.
await chmod(root, 0o755)
const server = await startPostgres(root, ['autovacuum_naptime=1s', `max_wal_size=${MAX_LOG_MB}MB`, 'min_wal_size=32MB'])
const { Pool } = createRequire(new URL('../packages/collector/package.json', import.meta.url))('pg')
const looking = new Pool({ connectionString: server.url('pixel_mirror').split('?')[0], max: 1 })
// The server may end before this connection has said goodbye.
looking.on('error', () => undefined)
let nowMs = Date.now()
const open = () =>
  openQueue(server.url('pixel_mirror'), { maxBytes: 1e10, log: SILENT, observe: () => undefined, now: () => nowMs })
const nodes = [await open(), await open()]
try {
  const days = []
  const before = await server.cpuUs()
  for (let day = 0; day < DAYS; day++) {
    await oneDay(day)
    days.push(await sizes())
    nowMs += DAY_MS
  }
  note('CPU of PostgreSQL, an event in and out', ((await server.cpuUs()) - before) / (EVENTS * DAYS), 'µs/event')
  tell(days)
} finally {
  for (const node of nodes) await node.close()
  await looking.end()
  await server.stop()
  await rm(root, { recursive: true, force: true })
}
print()
if (values.json) report()

/** As many events in as out, by both nodes at once. */
async function oneDay(day) {
  let taken = 0
  let sent = 0
  const takeIn = async (node) => {
    while (taken < EVENTS) {
      if (taken - sent > WAITING) await new Promise((resolve) => setTimeout(resolve, 1))
      else {
        const first = taken
        taken += REQUEST
        await node.append(
          Array.from({ length: REQUEST }, (_, index) => someEvent(`${day}-${first + index}`, first + index)),
        )
      }
    }
  }
  const handOut = async (node) => {
    while (sent < EVENTS) {
      let found = 0
      for (const lane of LANES) {
        const lease = await node.lease(lane, { maxEvents: 1_000, maxBytes: 1e6 })
        if (lease === undefined) continue
        found += lease.events.length
        await node.settle(
          lease,
          lease.events.map(({ ref }) => ({ ref, kind: 'delivered' })),
        )
      }
      sent += found
      if (found === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  await Promise.all(nodes.flatMap((node) => [takeIn(node), takeIn(node), takeIn(node), takeIn(node), handOut(node)]))
}

function someEvent(eventId, index) {
  const json = `{"event_name":"Lead","event_id":"${eventId}",${SAME}${randomBytes(HASHES_BYTES).toString('hex')}"]}}`
  return {
    lane: LANES[index % LANES.length],
    eventName: 'Lead',
    eventId,
    eventTimeMs: nowMs,
    deadlineMs: nowMs + 7 * DAY_MS,
    json,
  }
}

/** Tables with their indexes and what lies outside of their rows, and the log, in bytes. */
async function sizes() {
  const { rows } = await looking.query(
    `SELECT relname AS name, pg_total_relation_size(oid) AS bytes FROM pg_class
     WHERE relkind = 'r' AND relnamespace = 'pixel_mirror'::regnamespace`,
  )
  const { rows: log } = await looking.query(
    'SELECT sum(size) AS bytes, pg_current_wal_lsn() - $1 AS written FROM pg_ls_waldir()',
    ['0/0'],
  )
  return {
    ...Object.fromEntries(rows.map(({ name, bytes }) => [name, Number(bytes)])),
    log: Number(log[0].bytes),
    written: Number(log[0].written),
  }
}

function tell(all) {
  const MB = 1e6
  note('went through, in all', (EVENTS * DAYS * 1_000) / MB, 'MB')
  // Until then the tables of ids fill for the first time.
  const days = all.slice(DAYS_OF_IDS - 1)
  const half = Math.floor(days.length / 2)
  const tables = (belongs) => (day) =>
    sum(
      Object.keys(day)
        .filter(belongs)
        .map((name) => day[name]),
    )
  const rows = {
    'waiting events': ({ chunk }) => chunk,
    'ids of four days': tables((name) => /^seen_\d/.test(name)),
    'all the rest': tables((name) => !/^(seen_\d|chunk$|log$|written$)/.test(name)),
  }
  const most = (size) => Math.max(...days.map(size)) / MB
  for (const [what, size] of Object.entries(rows)) note(`${what}: size at most`, most(size), 'MB')
  // How much of what has left still takes room depends on when autovacuum looked last: a part of one day, never of all days.
  note(
    'waiting events: size at most beside what goes through in a day',
    most(rows['waiting events']) / ((EVENTS * 1_000) / MB),
    '×',
    { atMost: 0.5 },
  )
  for (const what of ['ids of four days', 'all the rest']) {
    const typical = (some) => median(some.map(rows[what]))
    note(`${what}: later days beside earlier`, typical(days.slice(half)) / typical(days.slice(0, half)), '×', {
      atMost: 1.25,
    })
  }
  note('log: size at most', Math.max(...all.map(({ log }) => log)) / MB, 'MB', { atMost: 2 * MAX_LOG_MB })
  note('log: written for an event, in and out', (all.at(-1).written - all[0].written) / (EVENTS * (DAYS - 1)), 'bytes')
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0)
}

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN
}
