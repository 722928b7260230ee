/** What the brokers can promise, said to whoever runs the collector: at the start, and in `check`. */
import type { NatsUrl } from './nats-url.js'
import { parseNatsUrl } from './nats-url.js'
import type { Brokers } from './connection.js'
import { connectBrokers, ensureStream, replicasWanted } from './connection.js'

export interface Weakness {
  /** A stable word. */
  code: 'old_server' | 'one_replica' | 'sync_interval'
  says: string
  mend: string
  /** It cannot be seen from here, and may be right. */
  unseen?: true
}

/** Oldest server whose answers this driver understands. */
const NEEDED: Version = [2, 9, 0]
/** From here on acknowledged messages survived what is tested for: partitions, crashes, damaged disks on a minority. */
const SOUND: Version = [2, 12, 0]

type Version = readonly [number, number, number]

export function weaknessesOf({ version, replicas }: { version: string; replicas: number }): Weakness[] {
  const weaknesses: Weakness[] = []
  if (isOlder(parseVersion(version), SOUND)) {
    weaknesses.push({
      code: 'old_server',
      says: `The brokers run NATS Server ${version}. Before ${SOUND.join('.')} it could lose acknowledged messages when a broker crashed or its disk was damaged, although others held copies.`,
      mend: `Upgrade NATS Server to ${SOUND.join('.')} or newer.`,
    })
  }
  if (replicas < 3) {
    weaknesses.push({
      code: 'one_replica',
      says: 'The log has one replica. An event is acknowledged when one broker has it, before that broker has synced its disk: a power cut can lose it.',
      mend: 'Run three brokers and ask for three copies: QUEUE_URL=nats://a,b,c?replicas=3.',
    })
  }
  weaknesses.push({
    code: 'sync_interval',
    says: `Whether the brokers sync each write to disk cannot be seen from here. By default they do it every two minutes: a power cut that hits ${replicas < 3 ? 'the broker' : 'most brokers at once'} can lose what was acknowledged since.`,
    mend: 'Set "sync_interval: always" in the jetstream block of every broker (NATS Server 2.10 and newer), or keep the brokers on separate power.',
    unseen: true,
  })
  return weaknesses
}

/** Whether the driver can work with the server at all. */
export const isTooOld = (version: string) => isOlder(parseVersion(version), NEEDED)

export const needed = NEEDED.join('.')

/** For `check`: connects, looks, makes the stream if there is none, and goes. */
export async function inspectJetstream(queueUrl: string): Promise<Weakness[]> {
  const url: NatsUrl = parseNatsUrl(queueUrl)
  const brokers: Brokers = await connectBrokers(url)
  try {
    const replicas = await ensureStream(brokers, url.stream, replicasWanted(url, brokers))
    return weaknessesOf({ version: brokers.connection.info?.version ?? '0.0.0', replicas })
  } finally {
    await brokers.connection.close()
  }
}

function parseVersion(text: string): Version {
  const [major = 0, minor = 0, patch = 0] = text.split(/[.-]/).map(Number)
  return [major, minor, patch]
}

function isOlder(one: Version, other: Version): boolean {
  const place = one.findIndex((number, index) => number !== other[index])
  return place !== -1 && one[place]! < other[place]!
}
