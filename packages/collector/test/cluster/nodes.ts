/** Collectors as processes of their own, on one queue and with one pretended Meta. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startNode, type Child } from '@pixel-mirror/testing'
import type { QueueReport } from '../../src/queue-report.js'

const COMMAND = fileURLToPath(new URL('../../bin/pixel-mirror.js', import.meta.url))

export interface ClusterNode {
  child: Child
  url: string
  report(): Promise<QueueReport>
  /** Whether `/health/ready` says yes. */
  isReady(): Promise<boolean>
  signal(signal: NodeJS.Signals): void
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

  const children = Array.from({ length: count }, () =>
    startNode(COMMAND, ['start', '--config', config], {
      cwd: folder,
      env: { HOST: '127.0.0.1', PORT: '0', ADMIN_PORT: '0', LOG_LEVEL: 'error', ...env },
    }),
  )
  async function stop(): Promise<void> {
    await Promise.all(children.map((child) => child.stop('SIGKILL')))
    await rm(folder, { recursive: true, force: true })
  }
  try {
    return { nodes: await Promise.all(children.map(serving)), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function serving(child: Child): Promise<ClusterNode> {
  const address = async (name: string) => {
    const [, url = ''] = await child.printed(new RegExp(`^\\s*${name}\\s+(https?://\\S+)`, 'm'))
    return new URL(url).origin
  }
  const [url, adminUrl] = [await address('Collector'), await address('Inspector')]
  return {
    child,
    url,
    report: async () => (await (await fetch(`${adminUrl}/admin/queue`)).json()) as QueueReport,
    isReady: () =>
      fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2_000) }).then(
        (answer) => answer.ok,
        () => false,
      ),
    signal: (signal) => process.kill(child.pid, signal),
  }
}
