import { eventually, startPostgres, type TestPostgres } from '@pixel-mirror/testing'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { QueueUnavailableError } from '../../../src/errors.js'
import { openPostgresQueue } from '../../../src/queue/postgres/open-postgres-queue.js'
import { gap, type Queue } from '../../../src/queue/queue.js'
import { someEvent, someEvents } from '../queue-contract.js'
import { Address } from './address.js'

const SHOP = { pixelId: '1000000000000001' }
const SILENT = { info() {}, warn() {}, error() {} }
const PATIENTLY_MS = 60_000

let primary: TestPostgres
let standby: TestPostgres
let queue: Queue
const address = new Address()
const alarms: string[] = []

beforeAll(async () => {
  primary = await startPostgres()
  standby = await primary.startStandby()
  await sql(primary, "ALTER SYSTEM SET synchronous_standby_names = 'standby'")
  await sql(primary, 'SELECT pg_reload_conf()')
  await eventually('the standby to follow', async () => {
    const { rows } = await sql(primary, "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'")
    return rows.length > 0
  })
  queue = await openPostgresQueue(await address.open(primary.port), {
    maxBytes: 1e9,
    log: SILENT,
    observe: (happening) => happening.kind === 'alarm' && alarms.push(happening.message),
    now: Date.now,
    ownershipMs: 500,
    lookEveryMs: 50,
  })
})
afterAll(async () => {
  await queue?.close()
  address.close()
  await primary?.stop()
  await standby?.stop()
})

async function sql({ url }: TestPostgres, text: string): Promise<pg.QueryResult> {
  const client = new pg.Client({ connectionString: `${url}/postgres` })
  await client.connect()
  return client.query(text).finally(() => client.end())
}

const refusal = () =>
  queue.append([someEvent()]).then(
    () => undefined,
    (error: unknown) => error as Error,
  )

it('rides out that the primary dies and its standby takes its place: nothing acknowledged is lost, and it goes on by itself', async () => {
  const events = someEvents(500)
  await Promise.all(Array.from({ length: 50 }, (_, index) => queue.append(events.slice(index * 10, index * 10 + 10))))

  await primary.kill()
  expect(await refusal()).toBeInstanceOf(QueueUnavailableError)
  address.leadTo(standby.port)
  const readOnly = await eventually('the standby to be met', async () => {
    const error = await refusal()
    return error?.message.includes('25006') && error.message
  })
  await eventually('somebody to be called', () => Promise.resolve(alarms.length > 0), PATIENTLY_MS)
  await sql(standby, 'SELECT pg_promote()')
  const later = someEvents(10)
  await eventually('the queue to take events again', () =>
    queue.append(later).then(
      () => true,
      () => false,
    ),
  )

  expect(readOnly).toMatch(/read-only: a standby, not the primary/)
  const lease = await eventually('a lease', () => queue.lease(SHOP, { maxEvents: 10_000, maxBytes: 1e7 }), PATIENTLY_MS)
  const waiting = new Set(lease.events.map(({ json }) => json))
  expect([...events, ...later].filter(({ json }) => !waiting.has(json))).toEqual([])
  expect((await queue.books()).pixels.map(gap)).toEqual([0])
}, 180_000)
