/**
 * Handing events out and writing what became of them.
 *
 * What this node has read of a lane stays in memory until it is settled: which event is out, and which is free again. The table knows only
 * what still waits. If the lane is lost, so is that memory, and the new owner offers the same events again.
 */
import type pg from 'pg'
import type { LaneKey, Lease, LeasedEvent, LeaseLimit, Purge, Verdict } from '../queue.js'
import { laneName } from '../queue.js'
import type { ChunkRow } from './chunk.js'
import { eventsOf, parseRef } from './chunk.js'
import { transaction } from './connection.js'
import { bury } from './dead-letters.js'
import type { OwnedLane, Ownership } from './ownership.js'
import { stillOwned } from './ownership.js'
import { Additions } from './tally.js'

/** Rows read ahead at a time. A row holds what came with one commit: at light load one event, under load hundreds. */
const MAX_ROWS = 256

/** Why an event leaves, or that it stays. */
type Left = Verdict | Purge

interface Loaded {
  lane: OwnedLane
  /** In order; with whether it is out. */
  events: Map<string, { event: LeasedEvent; out: boolean }>
}

export class Drainer {
  readonly #pool: pg.Pool
  readonly #node: string
  readonly #now: () => number
  readonly #ownership: Ownership
  readonly #loaded = new Map<string, Loaded>()
  readonly #leases = new WeakMap<Lease, OwnedLane>()
  readonly #turns = new Map<string, Promise<unknown>>()

  constructor({
    pool,
    node,
    now,
    ownership,
  }: {
    pool: pg.Pool
    node: string
    now: () => number
    ownership: Ownership
  }) {
    this.#pool = pool
    this.#node = node
    this.#now = now
    this.#ownership = ownership
  }

  lease(key: LaneKey, limit: LeaseLimit): Promise<Lease | undefined> {
    return this.#inTurn(key, () => this.#lease(key, limit))
  }

  /** Returns whether anything is free again. */
  settle(lease: Lease, verdicts: readonly Left[]): Promise<{ freed: boolean; bytes: number }> {
    return this.#inTurn(lease.lane, () => this.#settle(lease, verdicts))
  }

  /** The lane belongs to another node: what was read is worth nothing. */
  forget({ key }: OwnedLane): void {
    this.#loaded.delete(laneName(key))
  }

  async #lease(key: LaneKey, limit: LeaseLimit): Promise<Lease | undefined> {
    const lane = await this.#ownership.take(key)
    if (lane === undefined) return undefined
    const loaded = this.#loadedOf(lane)
    if (freeEvents(loaded, limit).length < limit.maxEvents) await this.#readOn(loaded, limit)

    const taken = freeEvents(loaded, limit)
    if (taken.length === 0) return undefined
    for (const { ref } of taken) loaded.events.get(ref)!.out = true
    const lease: Lease = { lane: key, events: taken }
    this.#leases.set(lease, lane)
    return lease
  }

  /** Reads rows that are not in memory yet, as many as the limit may need. */
  async #readOn(loaded: Loaded, { maxEvents, maxBytes }: LeaseLimit): Promise<void> {
    const inMemory = new Set([...loaded.events.keys()].map((ref) => parseRef(ref).chunkId))
    const { rows } = await this.#pool.query<ChunkRow>(
      `WITH next AS (
         SELECT id, sum(n) OVER up_to AS events, sum(bytes) OVER up_to AS bytes, n, bytes AS own
         FROM (SELECT id, n, bytes FROM chunk WHERE lane_id = $1 AND id <> ALL($2::bigint[]) ORDER BY id LIMIT ${MAX_ROWS}) first
         WINDOW up_to AS (ORDER BY id)
       )
       SELECT c.id, c.n, c.bytes, c.received_ms, c.gone, c.ambiguous, c.facts, c.body
       FROM next JOIN chunk c ON c.id = next.id
       WHERE next.events - next.n < $3 AND next.bytes - next.own < $4 ORDER BY c.id`,
      [loaded.lane.id, [...inMemory], maxEvents, maxBytes],
    )
    if (rows.length === 0) return
    const read = rows.flatMap((row) => eventsOf(row).map((event) => ({ event, out: false })))
    // An older row can become visible after a younger one, when two nodes commit at once: order is by id, not by arrival.
    const all = [...loaded.events.values(), ...read].sort(byPlace)
    loaded.events = new Map(all.map((entry) => [entry.event.ref, entry]))
  }

  async #settle(lease: Lease, verdicts: readonly Left[]): Promise<{ freed: boolean; bytes: number }> {
    const lane = this.#leases.get(lease)
    this.#leases.delete(lease)
    const nothing = { freed: false, bytes: 0 }
    if (lane === undefined || !this.#ownership.has(lane)) return nothing
    const loaded = this.#loadedOf(lane)
    const out = new Map(
      lease.events.flatMap(({ ref }) => (loaded.events.get(ref)?.out ? [[ref, loaded.events.get(ref)!.event]] : [])),
    )
    const given = verdicts.filter(({ ref }) => out.has(ref))
    const leaving = given.filter(({ kind }) => kind !== 'free')

    try {
      const written = await this.#write(lane, out, given)
      if (!written) {
        this.#ownership.lose(lane)
        return nothing
      }
    } catch (error) {
      // Nobody knows whether this was committed. Read the lane afresh: what was settled is gone from it, the rest is offered again.
      this.forget(lane)
      throw error
    }

    for (const { ref } of leaving) loaded.events.delete(ref)
    for (const verdict of given) if (verdict.kind === 'free') remember(out.get(verdict.ref)!, verdict.ambiguousSinceMs)
    for (const ref of out.keys()) {
      const entry = loaded.events.get(ref)
      if (entry) entry.out = false
    }
    const bytes = leaving.reduce((sum, { ref }) => sum + out.get(ref)!.json.length, 0)
    return { freed: leaving.length < out.size, bytes }
  }

  /** One transaction: the events' rows, the dead letters, the books. False when the lane is another node's by now. */
  async #write(lane: OwnedLane, out: ReadonlyMap<string, LeasedEvent>, verdicts: readonly Left[]): Promise<boolean> {
    const additions = new Additions()
    const { pixelId } = lane.key
    for (const { ref, kind } of verdicts) {
      if (kind === 'free') continue
      additions.add(pixelId, kind === 'purged' ? 'dropped:purged' : kind, 1)
      additions.add(pixelId, 'bytes', -Buffer.byteLength(out.get(ref)!.json))
    }
    const gone = byChunk(verdicts.filter(({ kind }) => kind !== 'free'))
    const ambiguous = verdicts.flatMap((verdict) =>
      verdict.kind === 'free' &&
      verdict.ambiguousSinceMs !== undefined &&
      out.get(verdict.ref)!.ambiguousSinceMs === undefined
        ? [{ ...parseRef(verdict.ref), sinceMs: verdict.ambiguousSinceMs }]
        : [],
    )

    return transaction(this.#pool, async (client) => {
      if (!(await stillOwned(client, this.#node, lane))) return false
      await leaveChunks(client, gone)
      for (const { chunkId, index, sinceMs } of ambiguous) {
        await client.query('UPDATE chunk SET ambiguous = ambiguous || $2 WHERE id = $1', [
          chunkId,
          { [index]: sinceMs },
        ])
      }
      await bury(client, lane.key, out, verdicts, this.#now())
      await additions.write(client, this.#node)
      return true
    })
  }

  #loadedOf(lane: OwnedLane): Loaded {
    const name = laneName(lane.key)
    const before = this.#loaded.get(name)
    if (before?.lane.epoch === lane.epoch) return before
    const loaded: Loaded = { lane, events: new Map() }
    this.#loaded.set(name, loaded)
    return loaded
  }

  /** What is done to one lane is done one after the other. */
  #inTurn<Value>(key: LaneKey, work: () => Promise<Value>): Promise<Value> {
    const name = laneName(key)
    const turn = (this.#turns.get(name) ?? Promise.resolve()).then(work, work)
    this.#turns.set(
      name,
      turn.catch(() => undefined),
    )
    return turn
  }
}

function freeEvents({ events }: Loaded, { maxEvents, maxBytes }: LeaseLimit): LeasedEvent[] {
  const taken: LeasedEvent[] = []
  let bytes = 0
  for (const { event, out } of events.values()) {
    if (out) continue
    bytes += Buffer.byteLength(event.json)
    if (taken.length > 0 && (taken.length >= maxEvents || bytes > maxBytes)) break
    taken.push(event)
  }
  return taken
}

function byPlace(a: { event: LeasedEvent }, b: { event: LeasedEvent }): number {
  const first = parseRef(a.event.ref)
  const second = parseRef(b.event.ref)
  return Number(first.chunkId) - Number(second.chunkId) || first.index - second.index
}

function byChunk(verdicts: readonly Left[]): Map<string, number[]> {
  const chunks = new Map<string, number[]>()
  for (const { ref } of verdicts) {
    const { chunkId, index } = parseRef(ref)
    const indexes = chunks.get(chunkId)
    if (indexes) indexes.push(index)
    else chunks.set(chunkId, [index])
  }
  return chunks
}

/** Whole chunks are deleted, others only note what has left: the texts are not written a second time. */
async function leaveChunks(client: pg.PoolClient, gone: ReadonlyMap<string, number[]>): Promise<void> {
  if (gone.size === 0) return
  const ids = [...gone.keys()]
  const counts = ids.map((id) => gone.get(id)!.length)
  const { rows } = await client.query<{ id: string }>(
    `DELETE FROM chunk USING unnest($1::bigint[], $2::int[]) AS left_now (id, leaving)
     WHERE chunk.id = left_now.id AND cardinality(chunk.gone) + leaving >= chunk.n RETURNING chunk.id`,
    [ids, counts],
  )
  const deleted = new Set(rows.map(({ id }) => id))
  for (const [id, indexes] of gone) {
    if (!deleted.has(id)) await client.query('UPDATE chunk SET gone = gone || $2::int[] WHERE id = $1', [id, indexes])
  }
}

function remember(event: LeasedEvent, ambiguousSinceMs: number | undefined): void {
  if (ambiguousSinceMs !== undefined) event.ambiguousSinceMs ??= ambiguousSinceMs
}
