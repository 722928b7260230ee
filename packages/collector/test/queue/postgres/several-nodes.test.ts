import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { eventually, startPostgres, type TestPostgres } from '@pixel-mirror/testing'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { QueueUnavailableError } from '../../../src/errors.js'
import { createPool, parsePostgresUrl } from '../../../src/queue/postgres/connection.js'
import { openPostgresQueue, type PostgresQueueOptions } from '../../../src/queue/postgres/open-postgres-queue.js'
import type { Queue } from '../../../src/queue/queue.js'
import { someEvent, someEvents } from '../queue-contract.js'
import { ALL, delivered, jsonOf, leaseFrom, NOW, page, severalNodesContract, SHOP } from '../several-nodes-contract.js'

const OWNERSHIP_MS = 500
const NEVER_MS = 3_600_000
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

describe('several collectors on one PostgreSQL', () => {
  severalNodesContract(({ frozen, steady, ...options } = {}) =>
    startNode({ ...options, ...(frozen && { lookEveryMs: NEVER_MS }), ...(steady && { ownershipMs: 60_000 }) }),
  )

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
    await sql('ALTER TABLE schema_version DROP COLUMN usable_from')
    await sql('UPDATE schema_version SET version = 1')

    const node = await startNode()

    expect((await node.status()).bytes).toBeGreaterThan(0)
    expect((await node.append(events)).stored).toEqual(['duplicate', 'duplicate', 'duplicate'])
    const lease = await leaseFrom(node)
    await node.settle(lease, delivered(lease))
    expect(await node.status()).toMatchObject({ waitingEvents: 0, bytes: 0 })
  })

  it('is used further by a running collector when a newer one has changed the tables and left it room', async () => {
    const node = await startNode()
    await sql('UPDATE schema_version SET version = 999')
    await sql('ALTER TABLE lane ADD COLUMN of_the_future TEXT')

    const events = someEvents(3)
    await node.append(events)
    await wait(200)

    expect((await node.status()).refusing).toBeUndefined()
    expect(jsonOf((await leaseFrom(node)).events)).toEqual(jsonOf(events))
  })

  it('is let go of by a running collector that the changed tables leave no room: nothing it had taken is lost or sent twice', async () => {
    const alarms: string[] = []
    const old = await startNode({ observe: (one) => one.kind === 'alarm' && alarms.push(one.message) })
    const [sent, waiting] = [someEvents(3), someEvents(3)]
    await old.append(sent)
    const inHand = await leaseFrom(old)
    await old.append(waiting)

    await sql('UPDATE schema_version SET version = 999, usable_from = 999')
    await eventually('it to notice', async () => (await old.status()).refusing === 'outdated')

    await expect(old.append([someEvent()])).rejects.toThrow(/version 999.*Upgrade it/)
    await expect(old.lease(SHOP, ALL)).rejects.toThrow(/version 999.*Upgrade it/)
    expect(alarms).toEqual([expect.stringMatching(/version 999.*Upgrade it/)])
    await old.settle(inHand, delivered(inHand))
    // As the newer collector would.
    await sql('UPDATE schema_version SET version = 5, usable_from = 4')
    const fresh = await startNode()
    await old.close()
    expect(jsonOf((await leaseFrom(fresh)).events)).toEqual(jsonOf(waiting))
    expect(await page(fresh)).toMatchObject({ received: 6, delivered: 3, waiting: 3 })
  })

  it('is refused when a newer collector has changed the tables', async () => {
    await startNode()
    await sql('UPDATE schema_version SET version = 999')

    await expect(startNode()).rejects.toThrow(/version 999.*Upgrade it/)
  })
})
