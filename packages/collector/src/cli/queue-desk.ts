import { existsSync } from 'node:fs'
import pino from 'pino'
import { QueueInUseError, QueueUnavailableError } from '../errors.js'
import { adminFetch } from './admin-fetch.js'
import { openQueue } from '../queue/open-queue.js'
import type { DeadLetter, DeadLetterFilter, Queue } from '../queue/queue.js'
import { reportOn, type QueueReport } from '../queue-report.js'
import type { Settings } from '../settings.js'

/** What the command line does with a queue, whoever holds it: this process, or a collector that runs. */
export interface QueueDesk {
  report(): Promise<QueueReport>
  list(filter: DeadLetterFilter, page: { limit: number; after?: string }): Promise<DeadLetter[]>
  replay(filter: DeadLetterFilter): Promise<{ replayed: number; tooOld: number }>
  drop(filter: DeadLetterFilter): Promise<number>
  close(): Promise<void>
}

/**
 * Opens the queue itself, or asks the collector that has it.
 *
 * @throws QueueUnavailableError when there is no queue yet
 * @throws NoAnswerError when another process has it and does not answer on the admin listener
 */
export async function openQueueDesk(settings: Settings): Promise<QueueDesk> {
  if (settings.queueUrl.startsWith('direct:')) {
    throw new QueueUnavailableError('QUEUE_URL is direct: nothing waits, and there are no dead letters.')
  }
  const file = /^sqlite:(.+)$/.exec(settings.queueUrl)?.[1]
  if (file !== undefined && !existsSync(file)) {
    throw new QueueUnavailableError(
      `There is no queue at ${file} yet. Is QUEUE_URL the collector's, and this its folder?`,
    )
  }
  try {
    return ownDesk(await openQueue(settings.queueUrl, quietly(settings)))
  } catch (error) {
    if (error instanceof QueueInUseError) return collectorsDesk(settings)
    throw error
  }
}

/** For a command that looks at a queue for a moment: what is wrong with it is told by the errors. */
export function quietly({ maxQueueBytes }: Settings): Parameters<typeof openQueue>[1] {
  return { maxBytes: maxQueueBytes, log: pino({ level: 'silent' }), observe: () => undefined, now: Date.now }
}

function ownDesk(queue: Queue): QueueDesk {
  return {
    report: () => reportOn(queue),
    list: (filter, page) => queue.deadLetters.list(filter, page),
    replay: (filter) => queue.deadLetters.replay(filter),
    drop: (filter) => queue.deadLetters.drop(filter),
    close: () => queue.close(),
  }
}

function collectorsDesk(settings: Settings): QueueDesk {
  const change = <T>(action: string, filter: DeadLetterFilter): Promise<T> =>
    adminFetch(settings, 'dead-letters', { action, ...filter, ...(Object.keys(filter).length === 0 && { all: true }) })

  return {
    report: () => adminFetch(settings, 'queue'),
    async list({ pixelId, cause, sinceMs }, { limit, after }) {
      const query = new URLSearchParams({ limit: String(limit) })
      if (pixelId !== undefined) query.set('pixel_id', pixelId)
      if (cause !== undefined) query.set('cause', cause)
      if (sinceMs !== undefined) query.set('since_ms', String(sinceMs))
      if (after !== undefined) query.set('after', after)
      const page = await adminFetch<{ letters: DeadLetter[] }>(settings, `dead-letters?${query.toString()}`)
      return page.letters
    },
    replay: (filter) => change('replay', filter),
    drop: async (filter) => (await change<{ dropped: number }>('drop', filter)).dropped,
    close: () => Promise.resolve(),
  }
}
