import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

/** Brokers of the test's own: one, or a cluster on loopback. They need a `nats-server` on the PATH (Debian has a package of that name). */
export interface TestNats {
  /** All brokers, for `QUEUE_URL`. */
  url: string
  brokers: TestBroker[]
  stop(): Promise<void>
}

export interface TestBroker {
  url: string
  /** SIGKILL, as a crash would be. */
  kill(): Promise<void>
  /** Starts it again on the same data. */
  start(): Promise<void>
  signal(signal: NodeJS.Signals): void
}

export interface NatsOptions {
  /** 1 or 3. Default 1. */
  brokers?: number
  /** More lines for the configuration, such as `authorization { … }`. */
  config?: string
  /** More lines for its `jetstream` block, such as `max_file: 3MB`. */
  jetstream?: string
  /** Where the data lies. Default: a folder of its own under the system's temporary one. */
  folder?: string
}

/** Why tests that need brokers cannot run here; `undefined` when they can. In CI they must: there it is an error. */
export function natsMissing(): string | undefined {
  if (spawnSync('nats-server', ['--version']).status === 0) return undefined
  const reason = 'There is no nats-server on the PATH (Debian: apt-get install nats-server).'
  if (process.env['CI'] === 'true') throw new Error(reason)
  return reason
}

export async function startNats({
  brokers = 1,
  config = '',
  jetstream = '',
  folder,
}: NatsOptions = {}): Promise<TestNats> {
  const home = folder ?? (await mkdtemp(join(tmpdir(), 'pixel-mirror-nats-')))
  const ports = await freePorts(2 * brokers)
  const routes = ports.slice(brokers).map((port) => `nats://127.0.0.1:${port}`)
  const all = await Promise.all(
    Array.from({ length: brokers }, (_, index) =>
      prepareBroker({
        name: `broker-${index + 1}`,
        home: join(home, `broker-${index + 1}`),
        port: ports[index]!,
        config,
        jetstream,
        cluster:
          brokers === 1
            ? ''
            : `cluster { name: test, listen: "127.0.0.1:${ports[brokers + index]!}", routes: [${routes.join(', ')}] }`,
      }),
    ),
  )
  await Promise.all(all.map((broker) => broker.start()))
  return {
    url: `nats://${ports
      .slice(0, brokers)
      .map((port) => `127.0.0.1:${port}`)
      .join(',')}`,
    brokers: all,
    async stop() {
      await Promise.all(all.map((broker) => broker.kill()))
      await rm(home, { recursive: true, force: true })
    },
  }
}

interface BrokerPlan {
  name: string
  home: string
  port: number
  config: string
  jetstream: string
  cluster: string
}

async function prepareBroker({ name, home, port, config, jetstream, cluster }: BrokerPlan): Promise<TestBroker> {
  await mkdir(home, { recursive: true })
  const file = join(home, 'server.conf')
  await writeFile(
    file,
    [
      `server_name: ${name}`,
      `listen: "127.0.0.1:${port}"`,
      `jetstream { store_dir: "${join(home, 'data')}", ${jetstream} }`,
      cluster,
      config,
    ].join('\n'),
  )
  let server: ChildProcess | undefined
  return {
    url: `nats://127.0.0.1:${port}`,
    async start() {
      const started = spawn('nats-server', ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] })
      server = started
      let said = ''
      started.stderr?.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-4_000)))
      while (!(await listens(port))) {
        if (started.exitCode !== null) throw new Error(`nats-server ended:\n${said}`)
        await wait(20)
      }
    },
    async kill() {
      const ending = server
      server = undefined
      if (ending === undefined || ending.exitCode !== null || ending.signalCode !== null) return
      const ended = once(ending, 'exit')
      ending.kill('SIGKILL')
      await ended
    },
    signal: (signal) => void server?.kill(signal),
  }
}

async function listens(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  const result = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'error').then(() => false),
  ]).catch(() => false)
  socket.destroy()
  return result
}

/** All at once, so that none is given twice. */
async function freePorts(count: number): Promise<number[]> {
  const probes = Array.from({ length: count }, () => createServer())
  await Promise.all(probes.map((probe) => new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))))
  const ports = probes.map((probe) => {
    const address = probe.address()
    if (address === null || typeof address === 'string') throw new Error('No free port was found.')
    return address.port
  })
  await Promise.all(probes.map((probe) => new Promise((resolve) => probe.close(resolve))))
  return ports
}
