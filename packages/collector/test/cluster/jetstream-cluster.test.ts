import { setTimeout as wait } from 'node:timers/promises'
import { eventually, natsMissing, startNats } from '@pixel-mirror/testing'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { describe } from 'vitest'
import { threeCollectors, type SharedEngine } from './three-collectors.js'

const STREAM = 'pixel_mirror'
const MOST_DOWN_MS = 2_000
const missing = natsMissing()

async function start(): Promise<SharedEngine> {
  const nats = await startNats({ brokers: 3 })
  const { url, brokers } = nats
  const connection = await connect({ servers: brokers.map((broker) => broker.url), maxReconnectAttempts: -1 })
  const { streams } = await jetstreamManager(connection, { checkAPI: false })

  /** As the newest page says. */
  async function ownerOf(pixelId: string): Promise<number | undefined> {
    const page = await streams.getMessage(STREAM, { last_by_subj: `${STREAM}.r.${pixelId}` }).catch(() => null)
    const { owner } = JSON.parse(page?.header.get('Pm') || '{}') as { owner?: string }
    return owner === undefined ? undefined : Number(owner.split('/')[1])
  }

  return {
    url,
    owners: async (pixelIds) => (await Promise.all(pixelIds.map(ownerOf))).filter((pid) => pid !== undefined),
    trouble: 'a broker killed',
    async breakDown(choose, served) {
      const leader = await eventually('the log to have a leader', async () => {
        const info = await streams.info(STREAM).catch(() => null)
        return info?.cluster?.leader
      })
      const leads = brokers.find((_, place) => `broker-${place + 1}` === leader)!
      const broker = choose(2) === 0 ? leads : brokers.filter((one) => one !== leads)[choose(2)]!
      await broker.kill()
      await served()
      await wait(choose(MOST_DOWN_MS))
      await broker.start()
    },
    async stop() {
      await connection.close()
      await nats.stop()
    },
  }
}

describe.skipIf(missing)(`three collectors on three JetStream brokers${missing ? ` (${missing})` : ''}`, () =>
  threeCollectors(start),
)
