import {
  CAN_MAKE_SMALL_DISKS,
  eventually,
  makeSmallDisk,
  startPostgres,
  type SmallDisk,
  type TestPostgres,
} from '@pixel-mirror/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allDelivered, startCluster, type Cluster } from './nodes.js'
import { nameOf, ORACLE_ENV, startLoad } from './oracle.js'
import { startWatchedMeta, type WatchedMeta } from './watched-meta.js'

const PIXELS = ['1000000000000001', '1000000000000002']
const PATIENTLY_MS = 90_000

let disk: SmallDisk
let database: TestPostgres
let meta: WatchedMeta
let cluster: Cluster

describe.skipIf(!CAN_MAKE_SMALL_DISKS)('a PostgreSQL with all it has on one disk, which fills up (needs root)', () => {
  beforeAll(async () => {
    disk = makeSmallDisk(160)
    // As small a log as it can be: then it needs new room soon.
    const settings = ['min_wal_size=32MB', 'max_wal_size=32MB', 'wal_recycle=off', 'wal_init_zero=off']
    database = await startPostgres({ folder: disk.folder, settings })
    meta = await startWatchedMeta()
    cluster = await startCluster(2, {
      pixelIds: PIXELS,
      env: { ...ORACLE_ENV, META_GRAPH_URL: meta.url, QUEUE_URL: `${database.url}/postgres` },
    })
  })
  afterAll(async () => {
    await cluster?.stop()
    await database?.stop()
    await meta?.stop()
    disk?.remove()
  })

  it('makes the collectors refuse with 503 and a time, and loses nothing that was acknowledged', async () => {
    const [node] = cluster.nodes as [Cluster['nodes'][number]]
    const oracle = startLoad(
      cluster.nodes.map(({ url }) => url),
      PIXELS,
    )
    await eventually('the first events to be taken', () => oracle.acknowledged.size > 300, PATIENTLY_MS)

    disk.fill()
    await eventually('the collector not to be ready', async () => !(await node.isReady()), PATIENTLY_MS)
    const refusal = await eventually(
      'a refusal',
      () => oracle.refusals.find(({ status }) => status === 503),
      PATIENTLY_MS,
    )
    expect(Number(refusal.retryAfter)).toBeGreaterThan(0)

    disk.empty()
    // A server that had no room for its log has ended itself, as it should.
    await database.restart()
    for (const one of cluster.nodes) await eventually('readiness', () => one.isReady(), PATIENTLY_MS)
    const before = oracle.acknowledged.size
    await eventually('new events to be taken', () => oracle.acknowledged.size > before + 100, PATIENTLY_MS)
    await oracle.stop()

    const books = await allDelivered(node, PATIENTLY_MS)
    const atMeta = new Set(meta.sandbox.received().map(nameOf))
    expect([...oracle.acknowledged].filter((name) => !atMeta.has(name))).toEqual([])
    expect(books.map(({ gap }) => gap)).toEqual(PIXELS.map(() => 0))
  }, 300_000)
})
