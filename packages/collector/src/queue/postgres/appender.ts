/**
 * Taking events in: requests that arrive while commits are under way share the next one.
 *
 * No timer: the first request of a quiet moment commits at once, and under load the batch is whatever came meanwhile. Two commits may be
 * under way, so that the database is not idle while this process reads requests, nor the other way round.
 */
import type pg from 'pg'
import { QueueFullError } from '../../errors.js'
import type { AppendResult, Drops, LaneKey, QueuedEvent } from '../queue.js'
import { laneName } from '../queue.js'
import { commitPrepared, prepare, type Prepared } from './append-statement.js'
import { asQueueError } from './connection.js'
import { SeenDays } from './seen.js'

/** A commit takes no more than this at once; the rest waits for the next. */
const MAX_COMMIT_EVENTS = 4_096
const MAX_COMMIT_CHARACTERS = 2 * 1024 * 1024

/** What may wait in memory for a database that has become slow. Beyond, it is better to refuse. */
const MAX_WAITING_CHARACTERS = 32 * 1024 * 1024

/** Commits under way at once. */
const MAX_COMMITS = 2

interface Waiting {
  events: readonly QueuedEvent[]
  drops: Drops
  characters: number
  resolve: (result: AppendResult) => void
  reject: (error: Error) => void
}

export interface AppenderOptions {
  pool: pg.Pool
  node: string
  now: () => number
  /** Told after each commit, with what was stored in which lane. */
  onStored: (stored: ReadonlyMap<string, Stored>) => void
}

export interface Stored {
  lane: LaneKey
  events: number
  bytes: number
}

export class Appender {
  readonly #options: AppenderOptions
  readonly #laneIds = new Map<string, string>()
  readonly #seen = new SeenDays()
  /**
   * Commits that could be under way and are not, by number. Each adds to rows of its own in the books: on a common row
   * the second would wait until the first is on the disk.
   */
  readonly #idle = Array.from({ length: MAX_COMMITS }, (_, number) => number)
  readonly #underWay = new Set<Promise<void>>()
  #waiting: Waiting[] = []
  #waitingCharacters = 0

  constructor(options: AppenderOptions) {
    this.#options = options
  }

  append(events: readonly QueuedEvent[], drops: Drops): Promise<AppendResult> {
    const characters = events.reduce((sum, { json }) => sum + json.length, 0)
    if (this.#waitingCharacters + characters > MAX_WAITING_CHARACTERS) {
      return Promise.reject(new QueueFullError('The database is too slow for what arrives.'))
    }
    this.#waitingCharacters += characters
    return new Promise((resolve, reject) => {
      this.#waiting.push({ events, drops, characters, resolve, reject })
      const number = this.#idle.pop()
      if (number === undefined) return
      const work = this.#commitAll(number).finally(() => {
        this.#idle.push(number)
        this.#underWay.delete(work)
      })
      this.#underWay.add(work)
    })
  }

  /** Resolves when nothing is under way any more. */
  async settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay)
  }

  async #commitAll(number: number): Promise<void> {
    // One turn later, so that the requests of this very moment come along.
    await new Promise(setImmediate)
    while (this.#waiting.length > 0) {
      const batch = this.#takeBatch()
      try {
        const results = await this.#commit(batch, number)
        batch.forEach(({ resolve }, index) => resolve(results[index]!))
      } catch (error) {
        // Perhaps another server answers next time, which does not know what this one was told last.
        this.#laneIds.clear()
        this.#seen.forget()
        const reason = asQueueError(error)
        for (const { reject } of batch) reject(reason)
      }
    }
  }

  #takeBatch(): Waiting[] {
    let events = 0
    let characters = 0
    const end = this.#waiting.findIndex((request, index) => {
      events += request.events.length
      characters += request.characters
      return index > 0 && (events > MAX_COMMIT_EVENTS || characters > MAX_COMMIT_CHARACTERS)
    })
    const batch = this.#waiting.splice(0, end === -1 ? this.#waiting.length : end)
    for (const request of batch) this.#waitingCharacters -= request.characters
    return batch
  }

  async #commit(batch: readonly Waiting[], number: number): Promise<AppendResult[]> {
    const { pool, node, now, onStored } = this.#options
    const prepared = prepare(batch)
    const nowMs = now()
    if (prepared.chunks.length === 0) await prepared.additions.write(pool, node)
    else {
      await this.#learnLanes(prepared.chunks)
      const tables = await this.#seen.tablesAt(pool, nowMs)
      await commitPrepared(pool, prepared, { tables, laneIds: this.#laneIds, node: `${node}/${number}`, nowMs })
    }
    onStored(storedOf(prepared))
    return prepared.answers.map((stored) => ({ stored }))
  }

  /** Lanes are few and never deleted: their ids are looked up once. */
  async #learnLanes(chunks: Prepared['chunks']): Promise<void> {
    for (const { lane } of chunks) {
      const name = laneName(lane)
      if (!this.#laneIds.has(name)) this.#laneIds.set(name, await laneId(this.#options.pool, lane))
    }
  }
}

/** The row of a lane, made if there is none. */
export async function laneId(pool: pg.Pool | pg.PoolClient, { pixelId, testEventCode = '' }: LaneKey): Promise<string> {
  await pool.query('INSERT INTO lane (pixel_id, test_code) VALUES ($1, $2) ON CONFLICT DO NOTHING', [
    pixelId,
    testEventCode,
  ])
  const { rows } = await pool.query<{ id: string }>('SELECT id FROM lane WHERE pixel_id = $1 AND test_code = $2', [
    pixelId,
    testEventCode,
  ])
  return rows[0]!.id
}

function storedOf({ chunks }: Prepared): Map<string, Stored> {
  const lanes = new Map<string, Stored>()
  for (const { lane, events } of chunks) {
    const fresh = events.filter(({ answers, index }) => answers[index] === 'stored')
    if (fresh.length === 0) continue
    const { events: before = 0, bytes = 0 } = lanes.get(laneName(lane)) ?? {}
    const added = fresh.reduce((sum, { json }) => sum + json.length, 0)
    lanes.set(laneName(lane), { lane, events: before + fresh.length, bytes: bytes + added })
  }
  return lanes
}
