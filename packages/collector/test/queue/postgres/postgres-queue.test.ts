import { startPostgres, type TestPostgres } from '@pixel-mirror/testing'
import pg from 'pg'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll } from 'vitest'
import { openPostgresQueue } from '../../../src/queue/postgres/open-postgres-queue.js'
import { queueContract } from '../queue-contract.js'

const OWNERSHIP_MS = 400
const SILENT = { info() {}, warn() {}, error() {} }

let server: TestPostgres
let clusters = 0

beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server?.stop())

queueContract(
  'PostgreSQL',
  async (world) => {
    const schema = `cluster_${++clusters}`
    const open = () =>
      openPostgresQueue(`${server.url}/postgres?schema=${schema}`, {
        ...world,
        log: SILENT,
        observe: () => undefined,
        ownershipMs: OWNERSHIP_MS,
        // A process that has crashed renews nothing; the one that is left behind here must not either.
        lookEveryMs: 3_600_000,
      })
    return {
      queue: await open(),
      // The old queue is left as it is: it holds its lanes until they run out, as a frozen process would.
      async crash() {
        await wait(OWNERSHIP_MS + 50)
        return open()
      },
      async discard() {
        const client = new pg.Client({ connectionString: `${server.url}/postgres` })
        await client.connect()
        await client.query(`DROP SCHEMA ${schema} CASCADE`)
        await client.end()
      },
    }
  },
  { durable: true },
)
