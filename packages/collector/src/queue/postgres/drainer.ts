/**
 * Handing events out and writing what became of them.
 *
 * A lease goes on until it is settled, or the lane is another node's. When the database does not take a settlement, what was to be
 * written stays out, and the caller says it again: so what Meta has taken is not sent twice because a server restarted.
 */
import type pg from 'pg'
import { LeaseLostError } from '../../errors.js'
import type { LaneKey, Lease, LeaseLimit } from '../queue.js'
import { laneName } from '../queue.js'
import { Turns } from '../turns.js'
import type { ChunkRow } from './chunk.js'
import { eventsOf } from './chunk.js'
import { LaneMemory } from './lane-memory.js'
import type { OwnedLane, Ownership } from './ownership.js'
import { writeSettlement, type Left } from './settlement.js'

/** Rows read ahead at a time. A row holds what came with one commit: at light load one event, under load hundreds. */
const MAX_ROWS = 256

export interface DrainerOptions {
  pool: pg.Pool
  node: string
  now: () => number
  ownership: Ownership
}

interface OpenLease {
  lane: OwnedLane
  /** A settlement was tried, and nobody knows whether it was committed. */
  inDoubt: boolean
}

export class Drainer {
  readonly #options: DrainerOptions
  readonly #memories = new Map<string, LaneMemory>()
  readonly #leases = new WeakMap<Lease, OpenLease>()
  readonly #turns = new Turns()

  constructor(options: DrainerOptions) {
    this.#options = options
  }

  lease(key: LaneKey, limit: LeaseLimit): Promise<Lease | undefined> {
    return this.#turns.take(laneName(key), () => this.#lease(key, limit))
  }

  /**
   * Returns whether anything is free again, and how many bytes have left. When it rejects because the database does not answer, the lease
   * goes on: the caller comes again.
   *
   * @throws LeaseLostError when another node has the lane by now
   */
  settle(lease: Lease, verdicts: readonly Left[]): Promise<{ freed: boolean; bytes: number }> {
    return this.#turns.take(laneName(lease.lane), () => this.#settle(lease, verdicts))
  }

  /** The lane belongs to another node: what was read is worth nothing. */
  forget({ key }: OwnedLane): void {
    this.#memories.delete(laneName(key))
  }

  async #lease(key: LaneKey, limit: LeaseLimit): Promise<Lease | undefined> {
    const lane = await this.#options.ownership.take(key)
    if (lane === undefined) return undefined
    const memory = this.#memoryOf(lane)
    if (memory.free(limit).length < limit.maxEvents) memory.add(await this.#readOn(memory, limit))

    const taken = memory.free(limit)
    if (taken.length === 0) return undefined
    memory.takeOut(taken)
    const lease: Lease = { lane: key, events: taken }
    this.#leases.set(lease, { lane, inDoubt: false })
    return lease
  }

  /** The events of rows that are not in memory yet, as many as the limit may need. */
  async #readOn({ lane, chunkIds }: LaneMemory, { maxEvents, maxBytes }: LeaseLimit) {
    const { rows } = await this.#options.pool.query<ChunkRow>(
      `WITH next AS (
         SELECT id, sum(n) OVER up_to AS events, sum(bytes) OVER up_to AS bytes, n, bytes AS own
         FROM (SELECT id, n, bytes FROM chunk WHERE lane_id = $1 AND id <> ALL($2::bigint[]) ORDER BY id LIMIT ${MAX_ROWS}) first
         WINDOW up_to AS (ORDER BY id)
       )
       SELECT c.id, c.n, c.bytes, c.received_ms, c.gone, c.ambiguous, c.facts, c.body
       FROM next JOIN chunk c ON c.id = next.id
       WHERE next.events - next.n < $3 AND next.bytes - next.own < $4 ORDER BY c.id`,
      [lane.id, chunkIds, maxEvents, maxBytes],
    )
    return rows.flatMap(eventsOf)
  }

  async #settle(lease: Lease, verdicts: readonly Left[]): Promise<{ freed: boolean; bytes: number }> {
    const { pool, node, now, ownership } = this.#options
    const open = this.#leases.get(lease)
    if (open === undefined) return { freed: false, bytes: 0 }
    const { lane, inDoubt } = open
    if (!ownership.has(lane)) this.#lose(lease)
    const memory = this.#memoryOf(lane)
    const events = memory.out(lease.events)
    const given = verdicts.filter(({ ref }) => events.has(ref))

    open.inDoubt = true
    const settlement = { lane, events, verdicts: given, again: inDoubt }
    if (!(await writeSettlement(pool, settlement, { node, nowMs: now() }))) {
      ownership.lose(lane)
      this.#lose(lease)
    }

    this.#leases.delete(lease)
    const leaving = given.filter(({ kind }) => kind !== 'free').map(({ ref }) => ref)
    memory.leave(leaving)
    for (const verdict of given) if (verdict.kind === 'free') memory.rememberAmbiguous(verdict)
    memory.putBack(events.keys())
    const bytes = leaving.reduce((sum, ref) => sum + events.get(ref)!.json.length, 0)
    return { freed: leaving.length < events.size, bytes }
  }

  #lose(lease: Lease): never {
    this.#leases.delete(lease)
    throw new LeaseLostError('Another node drains this lane by now; the events are offered again.')
  }

  #memoryOf(lane: OwnedLane): LaneMemory {
    const name = laneName(lane.key)
    const before = this.#memories.get(name)
    if (before?.lane.epoch === lane.epoch) return before
    const memory = new LaneMemory(lane)
    this.#memories.set(name, memory)
    return memory
  }
}
