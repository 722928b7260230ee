/** The load balancer of `compose.cluster.yaml`, for real: Caddy with the shipped file, in which only the addresses are the test's. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually, freePort } from '@pixel-mirror/testing'

const SHIPPED = new URL('../../../../deploy/caddy/Caddyfile.cluster', import.meta.url)
const UPSTREAMS = 'collector-1:8080 collector-2:8080'

const places = [...(process.env['PATH'] ?? '').split(':'), '/usr/local/bin']
const caddy = places.map((folder) => join(folder, 'caddy')).find((path) => existsSync(path))

/** Whether Caddy is on this machine. In CI it must be. */
export const HAS_BALANCER = process.env['CI'] === 'true' || caddy !== undefined

export interface Balancer {
  /** Where the collectors are reached through it. */
  url: string
  stop(): Promise<void>
}

export async function startBalancer(collectors: readonly string[]): Promise<Balancer> {
  const shipped = await readFile(SHIPPED, 'utf8')
  if (!shipped.includes(UPSTREAMS)) throw new Error(`Caddyfile.cluster has no “${UPSTREAMS}” any more.`)
  const folder = await mkdtemp(join(tmpdir(), 'pixel-mirror-balancer-'))
  const config = join(folder, 'Caddyfile')
  const upstreams = collectors.map((url) => new URL(url).host).join(' ')
  await writeFile(config, `{\n\tadmin off\n}\n${shipped.replace(UPSTREAMS, upstreams)}`)

  const site = `http://127.0.0.1:${await freePort()}`
  const child = spawn(caddy ?? 'caddy', ['run', '--config', config, '--adapter', 'caddyfile'], {
    env: { PATH: process.env['PATH'], HOME: folder, SITE: site },
  })
  let output = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text))
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  async function stop(): Promise<void> {
    child.kill('SIGKILL')
    await ended
    await rm(folder, { recursive: true, force: true })
  }
  const url = `${site}/m`
  await eventually('the balancer', async () => {
    if (child.exitCode !== null) throw new Error(`Caddy ended:\n${output}`)
    return fetch(`${url}/health/ready`).then(
      (answer) => answer.ok,
      () => false,
    )
  }).catch(async (error: unknown) => {
    await stop()
    throw error
  })
  return { url, stop }
}
