import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { openSqliteQueue } from '../../../src/queue/sqlite/sqlite-queue.js'
import type { World } from '../queue-contract.js'
import { queueContract } from '../queue-contract.js'

async function open({ now, maxBytes }: World) {
  const folder = await mkdtemp(join(tmpdir(), 'pixel-mirror-queue-'))
  const options = { maxBytes, log: pino({ enabled: false }), observe: () => undefined, now }
  const openIn = (name: string) =>
    openSqliteQueue(`sqlite:${join(folder, name, 'queue.db')}`, options, { ballastBytes: 65_536 })
  const opened = [await openIn('0')]

  return {
    queue: opened[0]!,

    /** What a crash leaves: the files as they are at this moment. The old queue closes only afterwards. */
    async crash() {
      const last = opened.length - 1
      await cp(join(folder, String(last)), join(folder, String(last + 1)), { recursive: true })
      await opened[last]!.close()
      const queue = await openIn(String(last + 1))
      opened.push(queue)
      return queue
    },

    discard: () => rm(folder, { recursive: true }),
  }
}

queueContract('the SQLite queue', open, { durable: true })
