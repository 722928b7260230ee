import { spawn, spawnSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { freePort } from '../lib/free-port.mjs'
import { cpuTimeOf } from '../lib/process-usage.mjs'

const BROKERS = 3

/**
 * NATS JetStream as an engine that collectors share: three brokers on this machine, three replicas. Each cluster has a stream of its own.
 * `undefined` without a `nats-server` on the PATH.
 */
export async function jetstreamEngine(folder) {
  if (spawnSync('nats-server', ['--version']).status !== 0) return undefined
  const ports = []
  for (let count = 0; count < 2 * BROKERS; count++) ports.push(await freePort())
  const [listen, routes] = [ports.slice(0, BROKERS), ports.slice(BROKERS)]
  const peers = routes.map((port) => `nats://127.0.0.1:${port}`).join(', ')
  const servers = await Promise.all(
    listen.map(async (port, index) => {
      const home = join(folder, `broker-${index + 1}`)
      await mkdir(home, { recursive: true })
      const settings = [
        `server_name: broker-${index + 1}`,
        `listen: "127.0.0.1:${port}"`,
        `jetstream { store_dir: "${join(home, 'data')}" }`,
        `cluster { name: bench, listen: "127.0.0.1:${routes[index]}", routes: [${peers}] }`,
      ]
      const file = join(home, 'server.conf')
      await writeFile(file, settings.join('\n'))
      return spawn('nats-server', ['-c', file], { stdio: 'ignore' })
    }),
  )
  // The brokers find each other, and elect who leads them.
  await wait(2_000)
  return {
    name: 'jetstream',
    title: 'JetStream, three replicas',
    url: (stream) => `nats://${listen.map((port) => `127.0.0.1:${port}`).join(',')}?stream=${stream}&replicas=3`,
    async cpuUs() {
      const times = await Promise.all(servers.map(({ pid }) => cpuTimeOf(pid)))
      return times.reduce((sum, time) => sum + (time?.us ?? 0), 0)
    },
    async stop() {
      await Promise.all(
        servers.map((server) => {
          const ended = new Promise((resolve) => server.once('close', resolve))
          server.kill('SIGKILL')
          return ended
        }),
      )
    },
  }
}
