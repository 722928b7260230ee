import { SettingsError } from '../errors.js'
import type { QueueOptions } from './queue-options.js'
import type { Queue } from './queue.js'

type Open = (url: string, options: QueueOptions) => Promise<Queue>

/** Which queue a URL means. Each is loaded only when it is used, so that nobody needs the client of a database he has not got. */
const SCHEMES: Record<string, Open> = {
  sqlite: async (url, options) => (await import('./sqlite/sqlite-queue.js')).openSqliteQueue(url, options),
  postgres: async (url, options) => (await import('./postgres/open-postgres-queue.js')).openPostgresQueue(url, options),
  postgresql: async (url, options) =>
    (await import('./postgres/open-postgres-queue.js')).openPostgresQueue(url, options),
  nats: async (url, options) => (await import('./jetstream/open-jetstream-queue.js')).openJetstreamQueue(url, options),
}

/**
 * Opens the queue that `QUEUE_URL` names.
 *
 * @throws SettingsError when the scheme is unknown
 * @throws QueueInUseError when another process has it open
 * @throws QueueUnavailableError when its storage cannot be reached
 */
export async function openQueue(url: string, options: QueueOptions): Promise<Queue> {
  const scheme = url.slice(0, url.indexOf(':'))
  const open = Object.hasOwn(SCHEMES, scheme) ? SCHEMES[scheme] : undefined
  if (open === undefined) {
    const known = Object.keys(SCHEMES).map((name) => `${name}:`)
    throw new SettingsError([`QUEUE_URL must begin with one of ${known.join(', ')}, but got "${scheme}:".`])
  }
  return open(url, options)
}

/** Whether several collectors may have this queue at once: then each of them tells the same sums, which must not be added up. */
export function isSharedQueue(url: string): boolean {
  return /^(postgres|postgresql|nats):/.test(url)
}
