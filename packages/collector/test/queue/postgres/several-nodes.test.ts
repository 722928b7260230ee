import { randomUUID } from 'node:crypto'
import { eventually, startPostgres, type TestPostgres } from '@pixel-mirror/testing'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { LeaseLostError, QueueInUseError, QueueUnavailableError } from '../../../src/errors.js'
import { createPool, parsePostgresUrl } from '../../../src/queue/postgres/connection.js'
import { openPostgresQueue, type PostgresQueueOptions } from '../../../src/queue/postgres/open-postgres-queue.js'
import { gap } from '../../../src/queue/queue.js'
import type { Lease, Queue } from '../../../src/queue/queue.js'
import { someEvent, someEvents } from '../queue-contract.js'

const SHOP = { pixelId: '1000000000000001' }
const ALL = { maxEvents: 10_000, maxBytes: 10_000_000 }
const OWNERSHIP_MS = 500
const NEVER_MS = 3_600_000
const NOW = Date.UTC(2026, 0, 15, 12)
const SILENT = { info() {}, warn() {}, error() {} }

let server: TestPostgres
let schema: string
let nodes: Queue[]

beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server?.stop())
beforeEach(() => {
  schema = `cluster_${randomUUID().replaceAll('-', '')}`
  nodes = []
})
afterEach(async () => {
  for (const node of nodes) await node.close()
})

async function startNode(options: Partial<PostgresQueueOptions> = {}): Promise<Queue> {
  const node = await openPostgresQueue(`${server.url}/postgres?schema=${schema}`, {
    maxBytes: 50_000_000,
    now: () => NOW,
    log: SILENT,
    observe: () => undefined,
    ownershipMs: OWNERSHIP_MS,
    lookEveryMs: 50,
    ...options,
  })
  nodes.push(node)
  return node
}

async function sql(text: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: `${server.url}/postgres?options=-c%20search_path%3D${schema}` })
  await client.connect()
  return client.query(text).finally(() => client.end())
}

const leaseFrom = (node: Queue) => eventually('a lease', () => node.lease(SHOP, ALL))
const delivered = (lease: Lease) => lease.events.map(({ ref }) => ({ ref, kind: 'delivered' as const }))
const jsonOf = (events: readonly { json: string }[]) => events.map(({ json }) => json)

async function page(node: Queue) {
  const { pixels } = await node.books()
  expect(pixels.map(gap)).toEqual(pixels.map(() => 0))
  return pixels[0]
}

describe('several collectors on one PostgreSQL', () => {
  it('take in the same event once, whichever node it reaches', async () => {
    const [one, two] = [await startNode(), await startNode()]
    const events = someEvents(200)

    const answers = await Promise.all([one.append(events), two.append([...events].reverse())])

    const stored = answers.flatMap((answer) => answer.stored).filter((how) => how === 'stored')
    expect(stored).toHaveLength(200)
    expect(await page(one)).toMatchObject({ received: 400, waiting: 200, dropped: { duplicate: 200 } })
  })

  it('drain a lane by one node at a time', async () => {
    const [one, two] = [await startNode(), await startNode()]
    await two.append(someEvents(3))

    const leased = await leaseFrom(one)

    expect(leased.events).toHaveLength(3)
    expect(await two.lease(SHOP, ALL)).toBeUndefined()
    await one.append([someEvent()])
    expect(await two.lease(SHOP, ALL)).toBeUndefined()
  })

  it('hear of what another node took in', async () => {
    const [one, two] = [await startNode(), await startNode()]
    const heard: unknown[] = []
    one.onWaiting((lane) => heard.push(lane))

    await two.append([someEvent()])

    await eventually('the other node to look', () => heard.length > 0)
    expect(heard[0]).toEqual(SHOP)
  })

  it('pass a lane on when its node stops, and when its node gives no sign of life', async () => {
    const one = await startNode()
    await one.append(someEvents(3))
    await leaseFrom(one)
    await one.close()
    const frozen = await startNode({ lookEveryMs: NEVER_MS })
    expect(await frozen.lease(SHOP, ALL)).toMatchObject({ events: { length: 3 } })

    const two = await startNode()

    expect((await leaseFrom(two)).events).toHaveLength(3)
  })

  it('let a node that was frozen and wakes again settle nothing, and lose nothing by it', async () => {
    const frozen = await startNode({ lookEveryMs: NEVER_MS })
    const events = someEvents(3)
    await frozen.append(events)
    const old = await leaseFrom(frozen)
    const two = await startNode()
    const fresh = await leaseFrom(two)

    await expect(frozen.settle(old, delivered(old))).rejects.toThrow(LeaseLostError)
    expect(await page(two)).toMatchObject({ delivered: 0, waiting: 3 })

    await two.settle(fresh, delivered(fresh))
    expect(jsonOf(fresh.events)).toEqual(jsonOf(events))
    expect(await page(two)).toMatchObject({ delivered: 3, waiting: 0 })
  })

  it('do not wait long for a node that was frozen in the middle of writing', async () => {
    const frozen = await startNode({ lookEveryMs: NEVER_MS })
    await frozen.append(someEvents(3))
    await leaseFrom(frozen)
    const pool = createPool(parsePostgresUrl(`${server.url}/postgres?schema=${schema}`), 1)
    pool.on('error', () => undefined)
    const client = await pool.connect()
    await client.query('BEGIN')
    await client.query('SELECT 1 FROM lane FOR UPDATE')
    const two = await startNode()

    const leased = await leaseFrom(two)

    expect(leased.events).toHaveLength(3)
    client.release(true)
    await pool.end()
  })

  it("keep to the database's clock for who owns a lane, when a node's own is an hour wrong", async () => {
    const steady = { ownershipMs: 60_000 }
    const right = await startNode(steady)
    const ahead = await startNode({ ...steady, now: () => NOW + 3_600_000 })
    const behind = await startNode({ ...steady, now: () => NOW - 3_600_000 })
    const events = someEvents(3)
    await ahead.append(events)
    const leased = await leaseFrom(behind)

    expect(await right.lease(SHOP, ALL)).toBeUndefined()
    expect(await ahead.lease(SHOP, ALL)).toBeUndefined()
    expect((await right.append(events)).stored).toEqual(['duplicate', 'duplicate', 'duplicate'])
    await behind.settle(leased, delivered(leased))
    expect(await page(right)).toMatchObject({ delivered: 3, waiting: 0 })
  })

  it('forget the ids of four days ago, whoever came first that day', async () => {
    let nowMs = NOW
    const [one, two] = [await startNode({ now: () => nowMs }), await startNode({ now: () => nowMs })]

    for (let day = 0; day < 8; day++, nowMs += 86_400_000) {
      await one.append(someEvents(5))
      await two.append(someEvents(5))
    }

    const tables = [0, 1, 2, 3, 4].map((slot) => `SELECT hash FROM seen_${slot}`)
    const { rows } = await sql(tables.join(' UNION ALL '))
    expect(rows).toHaveLength(4 * 10)
  })

  it('leave no row behind for each start: the sums of those long gone become one', async () => {
    for (let start = 0; start < 3; start++) {
      const node = await startNode()
      await node.append(someEvents(2))
      await node.close()
    }

    const last = await startNode()

    const { rows } = await sql("SELECT node, v FROM tally WHERE name = 'received'")
    expect(rows).toEqual([{ node: 'those before', v: '6' }])
    expect(await page(last)).toMatchObject({ received: 6, waiting: 6 })
  })

  it('respect a hold that another node has set', async () => {
    const [one, two] = [await startNode(), await startNode()]
    const hold = { kind: 'throttled' as const, reason: 'Meta asks to wait.', sinceMs: NOW, untilMs: NOW + 60_000 }

    await one.hold(SHOP, hold)

    expect(await two.lanes()).toMatchObject([{ lane: SHOP, hold }])
  })

  it('offer every event once when all of them append and drain at the same time', async () => {
    // Long enough that no lane changes hands because the machine is busy: then events would rightly come twice.
    const steady = { ownershipMs: 60_000 }
    const all = [await startNode(steady), await startNode(steady), await startNode(steady)]
    const lanes = Array.from({ length: 6 }, (_, index) => ({ pixelId: `20000000000000${index}` }))
    const sent: string[] = []
    const received: string[] = []
    let filling = true

    async function fill(node: Queue): Promise<void> {
      for (let round = 0; round < 20; round++) {
        const events = lanes.flatMap((lane) => someEvents(5, { lane }))
        await node.append(events)
        sent.push(...jsonOf(events))
      }
    }
    async function drain(node: Queue): Promise<void> {
      for (;;) {
        const leases = await Promise.all(lanes.map((lane) => node.lease(lane, { maxEvents: 50, maxBytes: 1e6 })))
        const some = leases.filter((lease) => lease !== undefined)
        for (const lease of some) {
          received.push(...jsonOf(lease.events))
          await node.settle(lease, delivered(lease))
        }
        if (!filling && some.length === 0) return
      }
    }
    const draining = Promise.all(all.map(drain))
    await Promise.all(all.map(fill))
    filling = false
    await draining
    await Promise.all(lanes.map((lane) => all[0]!.lease(lane, ALL)))

    const { pixels } = await all[0]!.books()
    expect(received.sort()).toEqual(sent.sort())
    expect(pixels.map(gap)).toEqual(pixels.map(() => 0))
  })
})

describe('a PostgreSQL that is in trouble', () => {
  it('is waited for while it restarts: appends are refused, and what was acknowledged is there afterwards', async () => {
    const node = await startNode()
    const events = someEvents(3)
    await node.append(events)

    const restarting = server.restart()
    const refused = await eventually('a refusal', () =>
      node.append([someEvent()]).then(
        () => undefined,
        (error: unknown) => error,
      ),
    )
    await restarting
    await eventually('the database to be back', () =>
      node.probe().then(
        () => true,
        () => false,
      ),
    )

    expect(refused).toBeInstanceOf(QueueUnavailableError)
    const waiting = jsonOf((await leaseFrom(node)).events)
    expect(waiting).toEqual(expect.arrayContaining(jsonOf(events)))
  })

  it.each([
    ['nobody listens', () => 'postgres://postgres@127.0.0.1:1/postgres', /ECONNREFUSED.*Nobody listens there/],
    [
      'the password is wrong',
      () => `postgres://postgres:wrong@127.0.0.1:${server.port}/postgres`,
      /28P01.*password is wrong/,
    ],
    ['there is no such database', () => `${server.url}/nowhere`, /3D000.*no such database/],
  ])('is named clearly when %s', async (_, url, message) => {
    const opening = openPostgresQueue(url(), { maxBytes: 1, now: () => NOW, log: SILENT, observe: () => undefined })

    const error = await opening.then(
      () => undefined,
      (reason: unknown) => reason as Error,
    )

    expect(error).toBeInstanceOf(QueueUnavailableError)
    expect(error?.message).toMatch(message)
    expect(error?.message).not.toContain('wrong@')
  })

  it('is refused when a commit would not be durable', async () => {
    await sql('ALTER SYSTEM SET full_page_writes = off')
    await sql('SELECT pg_reload_conf()')

    const message = await eventually('the server to read its settings', async () => {
      const error = await startNode().then(
        () => undefined,
        (reason: unknown) => reason as Error,
      )
      return error?.message
    })
    await sql('ALTER SYSTEM RESET full_page_writes')
    await sql('SELECT pg_reload_conf()')

    expect(message).toMatch(/full_page_writes = off: a committed event could be lost/)
  })

  it('is used further when its tables are of an older version, with what waits in them', async () => {
    const old = await startNode()
    const events = someEvents(3)
    await old.append(events)
    await old.close()
    // As version 1 left them.
    await sql(`DELETE FROM tally WHERE name = 'bytes'`)
    await sql('ALTER TABLE chunk ADD CONSTRAINT chunk_lane_id_fkey FOREIGN KEY (lane_id) REFERENCES lane (id)')
    for (const slot of [0, 1, 2, 3, 4]) {
      await sql(
        `ALTER TABLE seen_${slot} ALTER COLUMN hash TYPE BYTEA USING decode(replace(hash::text, '-', ''), 'hex')`,
      )
    }
    await sql('UPDATE schema_version SET version = 1')

    const node = await startNode()

    expect((await node.status()).bytes).toBeGreaterThan(0)
    expect((await node.append(events)).stored).toEqual(['duplicate', 'duplicate', 'duplicate'])
    const lease = await leaseFrom(node)
    await node.settle(lease, delivered(lease))
    expect(await node.status()).toMatchObject({ waitingEvents: 0, bytes: 0 })
  })

  it('is refused when a newer collector has changed the tables', async () => {
    await startNode()
    await sql('UPDATE schema_version SET version = 999')

    await expect(startNode()).rejects.toThrow(/version 999.*Upgrade it/)
  })

  it('is refused when it already serves a cluster with other pixels, but not when the pixels overlap', async () => {
    await startNode({ pixelIds: ['1', '2'] })

    await expect(startNode({ pixelIds: ['3'] })).rejects.toThrow(QueueInUseError)
    await expect(startNode({ pixelIds: ['2', '3'] })).resolves.toBeDefined()
  })
})
