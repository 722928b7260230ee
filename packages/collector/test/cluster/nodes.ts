/** Collectors as processes of their own, on one queue and with one pretended Meta. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { eventually, startNode, type Child } from '@pixel-mirror/testing'
import type { QueueReport } from '../../src/queue-report.js'
import type { Accident } from './twice.js'

const COMMAND = fileURLToPath(new URL('../../bin/pixel-mirror.js', import.meta.url))

export interface ClusterNode {
  /** The process of now. */
  readonly child: Child
  url: string
  report(): Promise<QueueReport>
  /** Whether `/health/ready` says yes. */
  isReady(): Promise<boolean>
  signal(signal: NodeJS.Signals): void
  /** As an upgrade does: SIGTERM, and when it has ended another one on the same ports. Returns how it ended. */
  restart(): Promise<number | NodeJS.Signals>
}

export interface Cluster {
  nodes: readonly ClusterNode[]
  stop(): Promise<void>
}

export async function startCluster(
  count: number,
  { pixelIds, env }: { pixelIds: readonly string[]; env: Record<string, string> },
): Promise<Cluster> {
  const folder = await mkdtemp(join(tmpdir(), 'pixel-mirror-cluster-'))
  const config = join(folder, 'config.json')
  const pixels = pixelIds.map((id) => ({ id, accessToken: `token-of-${id}`, allowedOrigins: [] }))
  await writeFile(config, JSON.stringify({ pixels }))

  const start = (ports: Record<string, string> = {}) =>
    startNode(COMMAND, ['start', '--config', config], {
      cwd: folder,
      env: { HOST: '127.0.0.1', PORT: '0', ADMIN_PORT: '0', LOG_LEVEL: 'error', ...env, ...ports },
    })
  const children = Array.from({ length: count }, () => start())
  let nodes: ClusterNode[] = []
  async function stop(): Promise<void> {
    await Promise.all([...children, ...nodes.map(({ child }) => child)].map((child) => child.stop('SIGKILL')))
    await rm(folder, { recursive: true, force: true })
  }
  try {
    nodes = await Promise.all(children.map((child) => serving(child, start)))
    return { nodes, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function serving(child: Child, start: (ports: Record<string, string>) => Child): Promise<ClusterNode> {
  const [url, adminUrl] = await addressesOf(child)
  return {
    get child() {
      return child
    },
    url,
    report: async () => (await (await fetch(`${adminUrl}/admin/queue`)).json()) as QueueReport,
    isReady: () =>
      fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2_000) }).then(
        (answer) => answer.ok,
        () => false,
      ),
    signal: (signal) => process.kill(child.pid, signal),
    async restart() {
      const ended = await child.stop('SIGTERM')
      child = start({ PORT: new URL(url).port, ADMIN_PORT: new URL(adminUrl).port })
      await addressesOf(child)
      return ended
    },
  }
}

interface LogLine {
  /** In words, as ISO 8601 has it. */
  time: string
  event?: string
  ambiguous?: boolean
  lane?: string
  durationMs?: number
}

/**
 * Requests to Meta that a collector gave up before it had read the answer, by its own log (`LOG_LEVEL` must be `warn` or lower). On a machine
 * with too much to do these are many, and Meta had answered.
 */
export function unanswered({ child }: ClusterNode): Accident[] {
  const lines = child.output().split('\n')
  const logged = lines.flatMap((line) => (line.startsWith('{') ? [parsed(line)] : []))
  return logged.flatMap(({ time, event, ambiguous, lane = '', durationMs = 0 }) => {
    if (event !== 'relay.request' || ambiguous !== true) return []
    const toMs = Date.parse(time)
    return { name: 'an answer not waited for', around: 'first', fromMs: toMs - durationMs, toMs, pixelId: lane }
  })
}

/** A process that was killed may have been in the middle of a line. */
function parsed(line: string): LogLine {
  try {
    return JSON.parse(line) as LogLine
  } catch {
    return { time: '' }
  }
}

/** As it prints them: for everybody, and for operators. */
async function addressesOf(child: Child): Promise<[url: string, adminUrl: string]> {
  const address = async (name: string) => {
    const [, url = ''] = await child.printed(new RegExp(`^\\s*${name}\\s+(https?://\\S+)`, 'm'))
    return new URL(url).origin
  }
  return [await address('Collector'), await address('Inspector')]
}

/** Waits until nothing waits any more; the books then. */
export function allDelivered(node: ClusterNode, withinMs: number): Promise<QueueReport['books']> {
  return eventually(
    'everything to be delivered',
    async () => {
      const { books } = await node.report()
      return books.every(({ waiting }) => waiting === 0) && books
    },
    withinMs,
  )
}
