import { LeaseLostError, QueueInUseError, QueueUnavailableError } from '../../errors.js'
import type { QueueOptions } from '../queue-options.js'
import type { LaneKey, Lease, Queue } from '../queue.js'
import { groupCommit } from './group-commit.js'
import { lastingThread } from './lasting-thread.js'
import { fatesOf, leasedEvents } from './leased-events.js'
import type { Status } from './operations.js'
import { sqlitePath } from './sqlite-url.js'
import { workerUrl } from './worker-url.js'

/** What only tests set. */
export interface SqliteTuning {
  /** Room kept for emptying the queue on a full disk, in bytes. Default: 32 MiB, four times what the log grows to. */
  ballastBytes?: number
  /** Where the built thread is. */
  url?: URL
  elapsedMs?: () => number
}

const BALLAST_BYTES = 32 * 1024 * 1024

/** Files this process has open. SQLite's lock would hold here too, but ends when anybody in the process closes the file. */
const openPaths = new Set<string>()

export async function openSqliteQueue(
  queueUrl: string,
  { maxBytes, log, observe, now }: QueueOptions,
  { ballastBytes = BALLAST_BYTES, url = workerUrl(), elapsedMs = () => performance.now() }: SqliteTuning = {},
): Promise<Queue> {
  const path = sqlitePath(queueUrl)
  if (openPaths.has(path)) throw new QueueInUseError(`This process uses the queue ${path} already.`)
  openPaths.add(path)

  const watch = {
    alarm(code: string, message: string) {
      log.error({ event: code }, message)
      observe({ kind: 'alarm', atMs: now(), code, message })
    },
    note: (message: string) => log.info({ event: 'queue' }, message),
  }
  const data = { path, maxBytes, ballastBytes }
  const thread = await lastingThread({ data, url, watch, now, elapsedMs }).catch((error: unknown) => {
    openPaths.delete(path)
    throw error
  })

  const listeners = new Set<(lane: LaneKey, added?: number) => void>()
  const leaseIds = new WeakMap<Lease, number>()
  let lastStatus: Status = { waitingEvents: 0, bytes: 0, deadLetters: 0 }
  let closing: Promise<void> | undefined

  const tell = (lane: LaneKey, added?: number) => listeners.forEach((listener) => listener(lane, added))
  const commits = groupCommit((events, drops, bytes) => thread.call('append', events, drops, bytes, now()), tell)

  async function close(): Promise<void> {
    await commits.end()
    await thread.close()
    openPaths.delete(path)
  }

  return {
    append: (events, drops = []) => commits.append(events, drops),

    async lease(lane, limit) {
      const leased = await thread.call('lease', lane, limit, now())
      if (leased === undefined) return undefined
      const lease = { lane, events: leasedEvents(leased.texts) }
      leaseIds.set(lease, leased.leaseId)
      return lease
    },

    async settle(lease, verdicts) {
      const leaseId = leaseIds.get(lease)
      if (leaseId === undefined) return
      const outcome = await thread.call('settle', leaseId, fatesOf(lease, verdicts), now())
      leaseIds.delete(lease)
      if (outcome === 'freed') tell(lease.lane)
      if (outcome === 'lost') throw new LeaseLostError('The queue was opened anew since; the events are offered again.')
    },

    lanes: () => thread.call('lanes', now()),
    hold: (lane, hold) => thread.call('hold', lane, hold, now()),

    onWaiting(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },

    deadLetters: {
      list: (filter, page) => thread.call('listLetters', filter, page, now()),
      async replay(filter) {
        const { replayed, tooOld, lanes } = await thread.call('replayLetters', filter, now())
        for (const lane of lanes) tell(lane)
        return { replayed, tooOld }
      },
      drop: (filter) => thread.call('dropLetters', filter, now()),
    },

    books: async () => ({ pixels: await thread.call('books', now()) }),

    async status() {
      const status = closing === undefined ? await readStatus() : { ...lastStatus, refusing: 'closing' }
      return { ...status, maxBytes }
    },

    probe: () =>
      closing === undefined
        ? thread.call('probe', now())
        : Promise.reject(new QueueUnavailableError('The queue is closing.')),

    close: () => (closing ??= close()),
  }

  /** As it is; or what was last known, and why it is not known better. */
  async function readStatus(): Promise<Status> {
    try {
      return (lastStatus = await thread.call('status', now()))
    } catch {
      return { ...lastStatus, refusing: thread.trouble() ?? 'unreachable' }
    }
  }
}
