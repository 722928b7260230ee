/**
 * The queue in one SQLite file, embedded: nothing to install, nothing to run beside.
 *
 * Its promises are those of `queue.ts`, and it keeps them so:
 *
 * 1. An append is acknowledged after the COMMIT that holds it, and that COMMIT is synced (WAL, `synchronous=FULL`).
 * 2. What became of an event is written in one transaction with its deletion and with the sums of the books. That a whole batch was
 *    delivered is synced with the next commit that is, a second later at most: a power cut before sends the batch once more.
 * 3. Leases are in memory: a crash offers again what was leased. What Meta had taken by then it knows by its event id.
 * 4. Ids are remembered by hash for 48 hours, in the transaction that stores their events.
 * 5. Every sum of the books is changed in the transaction of what it counts. At start each lane must balance, or it is damage.
 * 6. A bound on what the file holds; and a ballast file, because a full disk refuses even to delete.
 * 7. A lane is read by ascending id. Lanes share nothing but the file.
 *
 *     main thread                                     the queue's thread, with the only connection
 *     append ┐                                        ┌──────────────────────────────────────────────────────────┐
 *     append ┼ group-commit ─► lasting-thread ═══════►│ operations ─► keeper ─► store ─► append, leases, settle, …│
 *     append ┘                                        └──────────────────────────────────────────────────────────┘
 *
 *     queue.db          lane     one row a lane: its key, its sums, why it is held
 *                       chunk    one row a lane and commit (at most 125 events): facts, JSON texts, a checksum
 *                       letter   one row a dead letter
 *                       seen     one row a commit: 8 bytes an event id
 *     queue.db-wal      what was committed and is not in queue.db yet, 8 MB as a rule
 *     queue.db.ballast  32 MB for the day the disk is full
 *     queue.db.owner    who has it, for the message to whoever comes second
 *     queue.db.damaged-<time>, queue.db.damaged-<time>-wal   what was found damaged, kept for you to look at
 *
 * **kill -9, or a power cut, at any instruction**: the next start reads the log; what was acknowledged is there, leases are not. Starting
 * reads as many rows as there are lanes, and the hashes of two days; how much waits does not matter.
 *
 * **The disk is full**: new events are refused (`QueueFullError`), the ballast is deleted, and delivering goes on. When the ballast fits
 * again, perhaps because enough has left, new events are taken again.
 *
 * **The disk is read-only or away**: everything is refused (`QueueUnavailableError`); the file is opened again, at most once a second.
 *
 * **The file is damaged**, found at start or while running: it is set aside, what can be read is copied into a new one, the
 * collector goes on with that and alarms. What was counted and cannot be read counts as dead. No damaged event is ever sent: each
 * chunk has a checksum.
 *
 * **A second process** is refused by a lock that the operating system keeps, and drops with the process, however it dies.
 *
 * Each of these has a test that tries to break it: `test/queue/sqlite/`, `test/crash/`.
 */
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

/**
 * @throws SettingsError when the URL names no file
 * @throws QueueInUseError when another process has the file
 * @throws QueueUnavailableError when it cannot be opened as things are
 */
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
      const taken = await thread.call('lease', lane, limit, now())
      if (taken === undefined) return undefined
      const lease = { lane, events: leasedEvents(taken.leased) }
      leaseIds.set(lease, taken.leaseId)
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
