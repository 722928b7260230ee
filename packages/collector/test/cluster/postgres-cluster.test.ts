import { randomUUID } from 'node:crypto'
import { eventually, startPostgres, type TestPostgres } from '@pixel-mirror/testing'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { QueueReport } from '../../src/queue-report.js'
import { RELAY_LIMITS } from '../../src/relay/limits.js'
import { allDelivered, startCluster, type Cluster, type ClusterNode } from './nodes.js'
import { nameOf, ORACLE_ENV, startLoad } from './oracle.js'
import { sentTwice, type Accident } from './twice.js'
import { startWatchedMeta, type WatchedMeta } from './watched-meta.js'

const PIXELS = Array.from({ length: 6 }, (_, index) => `100000000000000${index}`)
const MOST_REQUESTS_UNDER_WAY = PIXELS.length * RELAY_LIMITS.laneConcurrency
const PATIENTLY_MS = 90_000

let database: TestPostgres
let looking: pg.Pool
let meta: WatchedMeta
let cluster: Cluster

beforeAll(async () => {
  const schema = `cluster_${randomUUID().replaceAll('-', '')}`
  database = await startPostgres()
  looking = new pg.Pool({ connectionString: `${database.url}/postgres?options=-c%20search_path%3D${schema}`, max: 1 })
  looking.on('error', () => undefined)
  meta = await startWatchedMeta()
  cluster = await startCluster(3, {
    pixelIds: PIXELS,
    env: { ...ORACLE_ENV, META_GRAPH_URL: meta.url, QUEUE_URL: `${database.url}/postgres?schema=${schema}` },
  })
})
afterAll(async () => {
  await cluster?.stop()
  await looking?.end()
  await database?.stop()
  await meta?.stop()
})

/** How many lanes a node has under a lease that still runs. */
async function lanesOf({ child }: ClusterNode): Promise<number> {
  const { rows } = await looking.query<{ n: string }>(
    `SELECT count(*) AS n FROM lane WHERE split_part(owner, '/', 2) = $1 AND lease_until >= clock_timestamp()`,
    [String(child.pid)],
  )
  return Number(rows[0]?.n)
}

async function busiest(nodes: readonly ClusterNode[]): Promise<ClusterNode> {
  const lanes = await Promise.all(nodes.map(lanesOf))
  return nodes[lanes.indexOf(Math.max(...lanes))]!
}

const without = (nodes: readonly ClusterNode[], lost: ClusterNode) => nodes.filter((node) => node !== lost)

/** That every lane has an owner that lives, and none is the lost node. */
async function lanesMovedFrom(lost: ClusterNode, others: readonly ClusterNode[]): Promise<void> {
  await eventually(
    'the lanes to move to the other nodes',
    async () => {
      const lanes = await Promise.all(others.map(lanesOf))
      return (await lanesOf(lost)) === 0 && lanes.reduce((sum, count) => sum + count, 0) === PIXELS.length
    },
    PATIENTLY_MS,
  )
}

const sum = (books: QueueReport['books'], name: 'received' | 'delivered' | 'waiting' | 'dead' | 'expired' | 'gap') =>
  books.reduce((total, page) => total + page[name], 0)

it('loses nothing and balances when one node is killed, one is frozen past its leases and wakes, and the database restarts', async () => {
  const accidents: Accident[] = []
  async function during(name: string, work: () => void | Promise<unknown>): Promise<void> {
    const fromMs = Date.now()
    await work()
    accidents.push({ name, around: 'first', fromMs, toMs: Date.now() })
  }
  const arrived = () => meta.sandbox.counts().serverCopies
  meta.sandbox.behave({ kind: 'latency', ms: 200, jitterMs: 200 })
  const oracle = startLoad(
    cluster.nodes.map(({ url }) => url),
    PIXELS,
  )
  await eventually('the first events at Meta', () => arrived() > 300, PATIENTLY_MS)

  const killed = await busiest(cluster.nodes)
  const left = without(cluster.nodes, killed)
  await during('a node killed', () => killed.child.stop('SIGKILL'))
  await lanesMovedFrom(killed, left)

  const frozen = await busiest(left)
  const awake = without(left, frozen)
  await during('a node frozen', () => frozen.signal('SIGSTOP'))
  await lanesMovedFrom(frozen, awake)
  const before = arrived()
  await eventually('the other node to deliver for it', () => arrived() > before + 300, PATIENTLY_MS)
  accidents.push({ name: 'a node woken', around: 'second', fromMs: Date.now(), toMs: Date.now() })
  frozen.signal('SIGCONT')
  await eventually('the frozen node to serve again', () => frozen.isReady(), PATIENTLY_MS)

  await during('the database restarted', async () => {
    await database.restart()
    for (const node of left) await eventually('a node to be ready again', () => node.isReady(), PATIENTLY_MS)
  })
  const acknowledgedBefore = oracle.acknowledged.size
  await eventually('new events to be taken', () => oracle.acknowledged.size > acknowledgedBefore + 100, PATIENTLY_MS)
  await oracle.stop()

  const books = await allDelivered(awake[0]!, PATIENTLY_MS)
  const received = meta.sandbox.received()
  const atMeta = new Set(received.map(nameOf))
  const twice = sentTwice(received, [...accidents, ...meta.unheard])
  console.log(
    `${oracle.acknowledged.size} acknowledged, ${atMeta.size} at Meta; other answers: ${JSON.stringify([...oracle.others])}; twice: ${JSON.stringify(twice)}`,
  )

  expect([...oracle.acknowledged].filter((name) => !atMeta.has(name))).toEqual([])
  expect(books.map(({ gap }) => gap)).toEqual(PIXELS.map(() => 0))
  // Had the frozen node settled once more what had been settled for it, more would be written down as delivered than there was.
  expect({ dead: sum(books, 'dead'), expired: sum(books, 'expired'), delivered: sum(books, 'delivered') }).toEqual({
    dead: 0,
    expired: 0,
    delivered: atMeta.size,
  })
  expect(twice.unnamed).toEqual([])
  for (const [name, { requests }] of Object.entries(twice.named)) {
    expect({ name, withinBound: requests <= MOST_REQUESTS_UNDER_WAY }).toEqual({ name, withinBound: true })
  }
}, 300_000)
