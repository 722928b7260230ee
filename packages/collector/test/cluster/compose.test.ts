import { spawnSync } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
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
const has = (command: string) => spawnSync(command, ['version']).error === undefined
const natsVersion = /v(\d+)\.(\d+)/.exec(spawnSync('nats-server', ['--version'], { encoding: 'utf8' }).stdout ?? '')
/** Older ones do not know `sync_interval: always`; for them the line is left out. */
const knowsSyncAlways = Number(natsVersion?.[1]) * 100 + Number(natsVersion?.[2]) >= 210

const IMAGES: Record<string, StandIn> = {
  'pixel-mirror/collector': {
    command: () => ['node', pathOf('packages/collector/bin/pixel-mirror.js'), 'start'],
    environment: { NODE_ENV: 'production' },
    uid: 1000,
    healthcheck: healthcheckOf('Dockerfile'),
  },
  nats: { command: ({ command = [] }) => ['nats-server', ...command] },
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
    while (going) answers.push(await post(url))
  })()
  await work().finally(() => (going = false))
  await sending
  return answers
}

const took = (answers: readonly { id: string; status: number }[]) =>
  answers.filter(({ status }) => status === 200).map(({ id }) => id)

const arrived = () => sandbox.received().map(({ event_id }) => event_id)

describe.skipIf(!CAN_START_CONTAINERS || !has('caddy') || natsVersion === null)(
  'compose.jetstream.yaml, started as it stands (needs root, ip, bwrap, caddy and nats-server)',
  () => {
    it(`takes events through the balancer, also while a collector is upgraded and a broker is lost, and delivers each${knowsSyncAlways ? '' : ' (an old nats-server: without sync_interval)'}`, async () => {
      const port = await startMeta()
      compose = await startCompose(
        'compose.jetstream.yaml',
        IMAGES,
        (addressOf) => ({ META_PIXEL_ID: PIXEL, SITE: `http://${addressOf('caddy')}` }),
        (host) => ({ collector: { META_GRAPH_URL: `http://${host}:${port}` } }),
        (mounted, text) =>
          mounted.endsWith('nats.conf') && !knowsSyncAlways ? text.replace('sync_interval: always', '') : text,
      )
      const { containers } = compose
      const url = `http://${containers['caddy']!.address}`
      await eventually('the balancer to find a collector', async () => (await post(url)).status === 200, PATIENTLY_MS)

      const whole = await meanwhile(url, () => eventually('events at Meta', () => arrived().length > 20, PATIENTLY_MS))
      const upgrading = await meanwhile(url, async () => {
        expect(await containers['collector-1']!.stop('SIGTERM')).toBe(0)
        await containers['collector-1']!.start()
      })
      await containers['nats-1']!.stop('SIGKILL')
      const withoutBroker = await meanwhile(url, async () => {
        const before = arrived().length
        await eventually('more events at Meta', () => arrived().length > before + 20, PATIENTLY_MS)
        await containers['nats-1']!.start()
      })

      console.log(
        [whole, upgrading, withoutBroker]
          .map((some) => `${took(some).length} of ${some.length} acknowledged`)
          .join(', '),
      )

      expect(whole.filter(({ status }) => status !== 200)).toEqual([])
      expect(upgrading.filter(({ status }) => status !== 200)).toEqual([])
      const all = [...whole, ...upgrading, ...withoutBroker]
      await eventually(
        'all of them at Meta',
        () => {
          const there = new Set(arrived())
          return took(all).every((id) => there.has(id))
        },
        PATIENTLY_MS,
      )
    }, 300_000)
  },
)
