/**
 * Taking events in: requests that arrive while a commit is under way share the next one.
 *
 * No timer: the first request of a quiet moment commits at once, and under load the batch is whatever came during the last commit.
 */
import type pg from 'pg'
import type { AppendResult, Drops, LaneKey, QueuedEvent, StoredAs } from '../queue.js'
import { laneName } from '../queue.js'
import { bodyText, chunksOf, factsText } from './chunk.js'
import { asQueueError, transaction } from './connection.js'
import { identityOf, Seen } from './seen.js'
import { Additions } from './tally.js'

/** A commit takes no more than this at once; the rest waits for the next. */
const MAX_COMMIT_EVENTS = 4_096

interface Waiting {
  events: readonly QueuedEvent[]
  drops: Drops
  resolve: (result: AppendResult) => void
  reject: (error: Error) => void
}

export interface AppenderOptions {
  pool: pg.Pool
  node: string
  now: () => number
  /** Told after each commit, with what was stored in which lane. */
  onStored: (stored: ReadonlyMap<string, { lane: LaneKey; events: number; bytes: number }>) => void
}

export class Appender {
  readonly #options: AppenderOptions
  readonly #laneIds = new Map<string, string>()
  readonly #seen = new Seen()
  #waiting: Waiting[] = []
  #committing: Promise<void> | undefined

  constructor(options: AppenderOptions) {
    this.#options = options
  }

  append(events: readonly QueuedEvent[], drops: Drops): Promise<AppendResult> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ events, drops, resolve, reject })
      this.#committing ??= this.#commitAll()
    })
  }

  /** Resolves when nothing is under way any more. */
  async settled(): Promise<void> {
    while (this.#committing) await this.#committing
  }

  async #commitAll(): Promise<void> {
    // One turn later, so that the requests of this very moment come along.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const batch = this.#takeBatch()
      try {
        const results = await this.#commit(batch)
        batch.forEach(({ resolve }, index) => resolve(results[index]!))
      } catch (error) {
        this.#seen.forget()
        const reason = asQueueError(error)
        for (const { reject } of batch) reject(reason)
      }
    }
    this.#committing = undefined
  }

  #takeBatch(): Waiting[] {
    let events = 0
    const end = this.#waiting.findIndex(
      (request, index) => (events += request.events.length) > MAX_COMMIT_EVENTS && index > 0,
    )
    return this.#waiting.splice(0, end === -1 ? this.#waiting.length : end)
  }

  async #commit(batch: readonly Waiting[]): Promise<AppendResult[]> {
    const { pool, node, now, onStored } = this.#options
    const nowMs = now()
    const identities = new Map<QueuedEvent, Buffer | undefined>()
    for (const { events } of batch) for (const event of events) identities.set(event, identityOf(event))
    await this.#learnLanes(batch)

    const { results, stored } = await transaction(pool, async (client) => {
      const unique = new Map(
        [...identities.values()].flatMap((identity) => (identity ? [[identity.toString('hex'), identity]] : [])),
      )
      const fresh = await this.#seen.remember(client, [...unique.values()], nowMs)
      const sorted = sortOut(batch, identities, fresh)
      await this.#insertChunks(client, sorted.stored, nowMs)
      await sorted.additions.write(client, node)
      return sorted
    })
    onStored(
      new Map(
        [...stored].map(([name, events]) => [
          name,
          {
            lane: events[0]!.lane,
            events: events.length,
            bytes: events.reduce((sum, { json }) => sum + json.length, 0),
          },
        ]),
      ),
    )
    return results
  }

  async #insertChunks(client: pg.PoolClient, stored: ReadonlyMap<string, QueuedEvent[]>, nowMs: number): Promise<void> {
    const rows = [...stored].flatMap(([name, events]) =>
      chunksOf(events).map((chunk) => ({ laneId: this.#laneIds.get(name), ...chunk })),
    )
    if (rows.length === 0) return
    await client.query(
      `INSERT INTO chunk (lane_id, n, bytes, received_ms, facts, body)
       SELECT lane_id, n, bytes, $1, facts, body
       FROM unnest($2::bigint[], $3::int[], $4::int[], $5::text[], $6::text[]) WITH ORDINALITY AS u (lane_id, n, bytes, facts, body, place)
       ORDER BY place`,
      [
        nowMs,
        rows.map(({ laneId }) => laneId),
        rows.map(({ events }) => events.length),
        rows.map(({ bytes }) => bytes),
        rows.map(({ events }) => factsText(events)),
        rows.map(({ events }) => bodyText(events)),
      ],
    )
  }

  /** Lanes are few and never deleted: their ids are looked up once. */
  async #learnLanes(batch: readonly Waiting[]): Promise<void> {
    for (const { events } of batch) {
      for (const { lane } of events) {
        const name = laneName(lane)
        if (!this.#laneIds.has(name)) this.#laneIds.set(name, await laneId(this.#options.pool, lane))
      }
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

interface SortedOut {
  results: AppendResult[]
  stored: Map<string, QueuedEvent[]>
  additions: Additions
}

/** Which events are new: the first of each identity that was not known. `fresh` is used up. */
function sortOut(
  batch: readonly Waiting[],
  identities: ReadonlyMap<QueuedEvent, Buffer | undefined>,
  fresh: Set<string>,
): SortedOut {
  const stored = new Map<string, QueuedEvent[]>()
  const additions = new Additions()

  function sort(event: QueuedEvent): StoredAs {
    const identity = identities.get(event)
    const { pixelId } = event.lane
    if (identity !== undefined && !fresh.delete(identity.toString('hex'))) {
      additions.addDropped(pixelId, 'duplicate', 1)
      return 'duplicate'
    }
    additions.add(pixelId, 'received', 1)
    const name = laneName(event.lane)
    const lane = stored.get(name)
    if (lane) lane.push(event)
    else stored.set(name, [event])
    return 'stored'
  }

  const results = batch.map(({ events, drops }) => {
    for (const { pixelId, reason, count } of drops) additions.addDropped(pixelId, reason, count)
    return { stored: events.map(sort) }
  })
  return { results, stored, additions }
}
