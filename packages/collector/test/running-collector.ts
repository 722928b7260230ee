import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { createCollector } from '../src/collector.js'
import type { Collector, CollectorOptions } from '../src/collector.js'
import { createLogger } from '../src/logger.js'
import { memoryQueue } from '../src/queue/memory-queue.js'
import type { Queue } from '../src/queue/queue.js'
import { loadSettings } from '../src/settings/load-settings.js'

export const API_KEY = 'an-api-key-for-the-tests'
export const PIXEL_ID = '1234567890'
export const SHOP = 'https://shop.example'
/** What a person's browser calls itself; Node's own `fetch` counts as a robot. */
export const BROWSER =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36'

export interface RunningCollector extends Collector {
  /** Where everything that the collector writes is. */
  folder: string
  /** What it logged, line by line. */
  logged: string[]
  url: string
  adminUrl: string
}

export interface RunOptions extends Partial<Omit<CollectorOptions, 'settings'>> {
  env?: Record<string, string>
}

/**
 * The whole collector, started, on free ports, in a folder of its own. Its relay finds nobody at Meta's address, so that
 * what was taken stays in the queue: in memory, unless `QUEUE_URL` says otherwise.
 */
export async function runCollector({ env = {}, ...options }: RunOptions = {}): Promise<RunningCollector> {
  const folder = await mkdtemp(join(tmpdir(), 'pixel-mirror-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const logged: string[] = []
  const settings = loadSettings({
    env: {
      META_PIXEL_ID: PIXEL_ID,
      META_ACCESS_TOKEN: 'a-token-for-the-tests',
      META_GRAPH_URL: 'http://127.0.0.1:9',
      ALLOWED_ORIGINS: SHOP,
      API_KEYS: API_KEY,
      HOST: '127.0.0.1',
      PORT: '0',
      ADMIN_PORT: '0',
      RATE_LIMIT: '0',
      ...env,
      QUEUE_URL: (env['QUEUE_URL'] ?? 'sqlite:./queue.db').replace('./', `${folder}/`),
    },
    readFile: () => '{}',
  })
  const collector = await createCollector({
    settings,
    log: createLogger('trace', { write: (line) => void logged.push(line) }),
    ...(env['QUEUE_URL'] === undefined && { queue: memoryQueue() }),
    ...options,
  })
  const { port, adminPort } = await collector.start()
  onTestFinished(() => collector.stop(0))
  return { ...collector, folder, logged, url: `http://127.0.0.1:${port}`, adminUrl: `http://127.0.0.1:${adminPort}` }
}

/** An event that Meta would take. */
export function purchase(fields: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    event_name: 'Purchase',
    event_time: Math.floor(Date.now() / 1000),
    event_id: 'order-1001',
    action_source: 'website',
    event_source_url: `${SHOP}/thanks`,
    user_data: { em: 'jane@example.com', client_user_agent: 'Mozilla/5.0', client_ip_address: '203.0.113.7' },
    custom_data: { value: 12.5, currency: 'EUR' },
    ...fields,
  }
}

/** What waits in the queue, as Meta will be sent it. */
export async function queued(queue: Queue): Promise<Record<string, unknown>[]> {
  const events: Record<string, unknown>[] = []
  for (const { lane } of await queue.lanes()) {
    const lease = await queue.lease(lane, { maxEvents: 1_000, maxBytes: Infinity })
    for (const { json } of lease?.events ?? []) events.push(JSON.parse(json) as Record<string, unknown>)
    if (lease) await queue.settle(lease, [])
  }
  return events
}
