import { setTimeout as wait } from 'node:timers/promises'
import { natsMissing, startNats, type TestNats } from '@pixel-mirror/testing'
import { afterAll, beforeAll, describe } from 'vitest'
import { openJetstreamQueue } from '../../../src/queue/jetstream/open-jetstream-queue.js'
import { queueContract } from '../queue-contract.js'

const OWNERSHIP_MS = 300
const NEVER_MS = 3_600_000
const SILENT = { info() {}, warn() {}, error() {} }
const missing = natsMissing()

describe.skipIf(missing)(`NATS JetStream${missing ? ` (${missing})` : ''}`, () => {
  let brokers: TestNats
  let clusters = 0

  beforeAll(async () => {
    brokers = await startNats()
  })
  afterAll(() => brokers?.stop())

  queueContract(
    'NATS JetStream',
    async (world) => {
      const stream = `cluster_${++clusters}`
      const open = () =>
        openJetstreamQueue(`${brokers.url}?stream=${stream}`, {
          ...world,
          log: SILENT,
          observe: () => undefined,
          ownershipMs: OWNERSHIP_MS,
          // A process that has crashed says and sweeps nothing; the one that is left behind here must not either.
          lookEveryMs: NEVER_MS,
          beatEveryMs: NEVER_MS,
        })
      return {
        queue: await open(),
        // The old queue is left as it is: it keeps its lanes until it is taken for dead, as a frozen process would.
        async crash() {
          await wait(OWNERSHIP_MS + 50)
          return open()
        },
      }
    },
    { durable: true },
  )
})
