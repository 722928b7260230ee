import { randomBytes } from 'node:crypto'
import { chownSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import {
  CAN_MAKE_SMALL_DISKS,
  eventually,
  makeSmallDisk,
  startPostgres,
  type SmallDisk,
  type TestPostgres,
} from '@pixel-mirror/testing'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { QueueFullError } from '../../../src/errors.js'
import { createReadiness } from '../../../src/http/readiness.js'
import type { Happening } from '../../../src/observer.js'
import { openPostgresQueue } from '../../../src/queue/postgres/open-postgres-queue.js'
import { gap, type Queue } from '../../../src/queue/queue.js'
import { drain, fill } from '../fill-and-drain.js'
import { someEvent } from '../queue-contract.js'

const SHOP = { pixelId: '1000000000000001' }
const SILENT = { info() {}, warn() {}, error() {} }

/** So that no compression makes room. */
const event = () => someEvent({ json: JSON.stringify({ filler: randomBytes(1_500).toString('base64') }) })

describe.skipIf(!CAN_MAKE_SMALL_DISKS)('a database whose disk is full (needs root)', () => {
  let disk: SmallDisk
  let server: TestPostgres
  let queue: Queue
  const happenings: Happening[] = []

  beforeAll(async () => {
    disk = makeSmallDisk(64)
    server = await startPostgres()
    const folder = join(disk.folder, 'tables')
    mkdirSync(folder)
    chownSync(folder, statSync(server.dataFolder).uid, statSync(server.dataFolder).gid)
    const client = new pg.Client({ connectionString: `${server.url}/postgres` })
    await client.connect()
    await client.query(`CREATE TABLESPACE small LOCATION '${folder}'`)
    await client.query('CREATE DATABASE small TABLESPACE small')
    await client.end()
    queue = await openPostgresQueue(`${server.url}/small`, {
      maxBytes: 1e9,
      log: SILENT,
      observe: (happening) => happenings.push(happening),
      now: Date.now,
    })
  })
  afterAll(async () => {
    await queue?.close()
    await server?.stop()
    disk?.remove()
  })

  it('refuses by name and says it is not ready, loses nothing, can be emptied, and goes on by itself when there is room', async () => {
    const readiness = createReadiness(() => queue, Date.now)
    await readiness.start()
    expect(readiness.report()).toMatchObject({ ready: true })
    const events = Array.from({ length: 1_000 }, event)
    await queue.append(events)

    disk.fill()
    const acknowledged = [...events.map(({ json }) => json), ...(await fill(queue, event))]

    await eventually('the queue not to be ready', () => !readiness.report().ready)
    expect(readiness.report().reasons).toEqual(['disk_full'])
    expect(happenings).toContainEqual(expect.objectContaining({ kind: 'alarm', code: 'queue_refusing' }))
    await expect(queue.append([event()])).rejects.toThrow(QueueFullError)
    expect((await drain(queue, SHOP)).sort()).toEqual(acknowledged.sort())
    expect((await queue.status()).refusing).toBe('disk_full')

    disk.empty()
    await eventually('the queue to be ready again', () => readiness.report().ready)
    readiness.close()
    await queue.append([event()])
    expect((await queue.books()).pixels.map(gap)).toEqual([0])
  }, 120_000)
})
