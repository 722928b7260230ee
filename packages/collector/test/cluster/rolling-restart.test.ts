import { readFileSync } from 'node:fs'
import { eventually, startPostgres, type TestPostgres } from '@pixel-mirror/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { HAS_BALANCER, startBalancer, type Balancer } from './balancer.js'
import { allDelivered, startCluster, type Cluster } from './nodes.js'
import { nameOf, ORACLE_ENV, startLoad } from './oracle.js'
import { startWatchedMeta, type WatchedMeta } from './watched-meta.js'

const PIXELS = ['1000000000000001', '1000000000000002', '1000000000000003']
const PATIENTLY_MS = 60_000

/** The setting of the shipped file that the restart depends on. */
const compose = readFileSync(new URL('../../../../compose.cluster.yaml', import.meta.url), 'utf8')
const drain = { DRAIN_MS: /DRAIN_MS: '(\d+)'/.exec(compose)?.[1] ?? '' }

let database: TestPostgres
let meta: WatchedMeta
let cluster: Cluster
let balancer: Balancer

describe.skipIf(!HAS_BALANCER)('two collectors behind the load balancer of compose.cluster.yaml (needs caddy)', () => {
  beforeAll(async () => {
    database = await startPostgres()
    meta = await startWatchedMeta()
    cluster = await startCluster(2, {
      pixelIds: PIXELS,
      env: { ...ORACLE_ENV, ...drain, META_GRAPH_URL: meta.url, QUEUE_URL: `${database.url}/postgres` },
    })
    balancer = await startBalancer(cluster.nodes.map(({ url }) => url))
  })
  afterAll(async () => {
    await balancer?.stop()
    await cluster?.stop()
    await database?.stop()
    await meta?.stop()
  })

  it('are restarted one after the other under load, and no event is refused, lost or sent twice', async () => {
    const oracle = startLoad([balancer.url], PIXELS)
    const more = async () => {
      const before = oracle.acknowledged.size
      await eventually('more events to be taken', () => oracle.acknowledged.size > before + 200, PATIENTLY_MS)
    }
    await more()

    const ends = []
    for (const node of cluster.nodes) {
      ends.push(await node.restart())
      await eventually('the new one to be ready', () => node.isReady(), PATIENTLY_MS)
      await more()
    }
    await oracle.stop()

    const books = await allDelivered(cluster.nodes[0]!, PATIENTLY_MS)
    const atMeta = meta.sandbox.received().map(nameOf).sort()
    expect(Object.fromEntries(oracle.others)).toEqual({})
    expect(ends).toEqual([0, 0])
    expect(atMeta).toEqual([...oracle.acknowledged].sort())
    expect(books.map(({ gap }) => gap)).toEqual(PIXELS.map(() => 0))
  })
})
