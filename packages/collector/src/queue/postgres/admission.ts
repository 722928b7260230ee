/**
 * Whether events can be taken: what waits stays below its bound, and the database is there and has room.
 *
 * A database without room is found out by an append. From then on it is asked with something that needs room until it has some again, for
 * a collector that says it is not ready gets no events to find out with.
 */
import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { QueueFullError, QueueUnavailableError } from '../../errors.js'
import type { QueueStatus } from '../queue.js'
import type { QueueOptions } from '../queue-options.js'
import { asQueueError, transaction } from './connection.js'
import { readWaiting, type Waiting } from './tally.js'

/** What a commit may need at once, so that the next one does not fail again. */
const ROOM_BYTES = 512 * 1024

type Refusing = 'outdated' | 'unreachable' | 'disk_full' | 'full'

export class Admission {
  readonly #pool: pg.Pool
  readonly #options: Pick<QueueOptions, 'maxBytes' | 'log' | 'observe' | 'now'>
  #waiting: Waiting = { events: 0, bytes: 0, deadLetters: 0 }
  #unreachable = false
  #outdated: string | undefined
  #noRoom = false
  /** How much room the last refused request would have needed; nothing while there is enough. */
  #missingBytes = 0

  constructor(pool: pg.Pool, options: Pick<QueueOptions, 'maxBytes' | 'log' | 'observe' | 'now'>) {
    this.#pool = pool
    this.#options = options
  }

  /**
   * @throws QueueFullError when these do not fit
   * @throws QueueUnavailableError when the tables are not this collector's any more
   */
  admit(bytes: number): void {
    this.assertUpToDate()
    if (this.#waiting.bytes + bytes <= this.#options.maxBytes) return
    this.#missingBytes = bytes
    throw new QueueFullError()
  }

  /** What is known of what waits, until the next look. */
  add(bytes: number): void {
    this.#waiting.bytes += bytes
  }

  /** An append has failed. */
  failed(error: unknown): void {
    if (!(error instanceof QueueFullError) || this.#noRoom) return
    this.#noRoom = true
    this.#alarm(error.message)
  }

  get isOutdated(): boolean {
    return this.#outdated !== undefined
  }

  /** A newer collector has changed the tables, or (without a reason) not. */
  outdated(because: string | undefined): void {
    if (because !== undefined && !this.isOutdated) this.#alarm(because)
    this.#outdated = because
  }

  assertUpToDate(): void {
    if (this.#outdated !== undefined) throw new QueueUnavailableError(this.#outdated)
  }

  async look(): Promise<void> {
    this.#waiting = await readWaiting(this.#pool)
  }

  /** The database answers again. */
  reached(): void {
    if (this.#unreachable) this.#options.log.info({ event: 'queue.reachable' }, 'the database is back')
    this.#unreachable = false
  }

  notReached(error: unknown): void {
    if (this.#unreachable) return
    this.#unreachable = true
    this.#alarm(asQueueError(error).message)
  }

  /** If there was no room: whether there is some again. That there is none yet is no failure, but what `status()` says. */
  async lookForRoom(): Promise<void> {
    if (!this.#noRoom) return
    try {
      await needRoom(this.#pool)
      this.#noRoom = false
    } catch (error) {
      if (!(asQueueError(error) instanceof QueueFullError)) throw error
    }
  }

  status(closing: boolean): QueueStatus {
    const { events, bytes, deadLetters, oldestReceivedAtMs } = this.#waiting
    const { maxBytes } = this.#options
    if (bytes + this.#missingBytes <= maxBytes) this.#missingBytes = 0
    const refusing = closing ? 'closing' : this.#refusing()
    return {
      waitingEvents: events,
      bytes,
      maxBytes,
      deadLetters,
      ...(oldestReceivedAtMs !== undefined && { oldestReceivedAtMs }),
      ...(refusing !== undefined && { refusing }),
    }
  }

  #refusing(): Refusing | undefined {
    if (this.isOutdated) return 'outdated'
    if (this.#unreachable) return 'unreachable'
    if (this.#noRoom) return 'disk_full'
    return this.#missingBytes > 0 ? 'full' : undefined
  }

  #alarm(message: string): void {
    const { log, observe, now } = this.#options
    log.error({ event: 'alarm', code: 'queue_refusing' }, message)
    observe({ kind: 'alarm', atMs: now(), code: 'queue_refusing', message })
  }
}

/** Writes as much as a large commit does, and takes it back. */
async function needRoom(pool: pg.Pool): Promise<void> {
  await transaction(pool, async (client) => {
    const { rows } = await client.query<{ id: string }>(
      `INSERT INTO chunk (lane_id, n, bytes, received_ms, facts, body) VALUES (0, 0, 0, 0, '[]', $1) RETURNING id`,
      [randomBytes(ROOM_BYTES).toString('base64')],
    )
    await client.query('DELETE FROM chunk WHERE id = $1', [rows[0]!.id])
  })
}
