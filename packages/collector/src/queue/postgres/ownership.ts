/**
 * Which node drains which lane.
 *
 * A lane belongs to one node at a time, by a lease that the node renews while it lives. Each change of owner raises the lane's `epoch`;
 * results are written only under the epoch that the events were read with. So a node that was frozen, lost its lane and wakes again
 * cannot settle what another node is sending: it finds a later epoch and lets go.
 *
 * Time is the database's alone. A node whose own clock is wrong neither takes a lane too early nor keeps one too long.
 */
import { performance } from 'node:perf_hooks'
import type pg from 'pg'
import type { LaneKey } from '../queue.js'
import { laneName } from '../queue.js'

/** How long a dead node keeps its lanes. They move within this time and one look of the others. */
export const OWNERSHIP_MS = 10_000

/** No lane has it: the first owner's is 1. */
const NO_EPOCH = '-1'

export interface OwnedLane {
  id: string
  key: LaneKey
  epoch: string
}

interface Held extends OwnedLane {
  /** By this process's monotonic clock; earlier than the database's idea, never later. */
  sureUntilMs: number
}

export class Ownership {
  readonly #pool: pg.Pool
  readonly #node: string
  readonly #ownershipMs: number
  readonly #held = new Map<string, Held>()
  readonly #onLost: (lane: OwnedLane) => void

  constructor(pool: pg.Pool, node: string, onLost: (lane: OwnedLane) => void, ownershipMs = OWNERSHIP_MS) {
    this.#pool = pool
    this.#node = node
    this.#onLost = onLost
    this.#ownershipMs = ownershipMs
  }

  /** The lane, if this node has it or can have it now. */
  async take(key: LaneKey): Promise<OwnedLane | undefined> {
    const name = laneName(key)
    const held = this.#held.get(name)
    if (held && performance.now() < held.sureUntilMs) return held

    const askedAtMs = performance.now()
    const { rows } = await this.#pool.query<{ id: string; epoch: string }>(
      `UPDATE lane
       SET owner = $1,
           epoch = CASE WHEN owner = $1 AND epoch = $5 THEN epoch ELSE epoch + 1 END,
           lease_until = clock_timestamp() + $4 * interval '1 millisecond'
       WHERE pixel_id = $2 AND test_code = $3 AND (owner IS NULL OR owner = $1 OR lease_until < clock_timestamp())
       RETURNING id, epoch`,
      [this.#node, key.pixelId, key.testEventCode ?? '', this.#ownershipMs, held?.epoch ?? NO_EPOCH],
    )
    const [row] = rows
    if (held && held.epoch !== row?.epoch) this.lose(held)
    if (row === undefined) return undefined
    const now: Held = { id: row.id, key, epoch: row.epoch, sureUntilMs: askedAtMs + this.#ownershipMs }
    this.#held.set(name, now)
    return now
  }

  /**
   * Prolongs every lane this node has; those that another node has meanwhile are lost. One that ran out (the database was away, or this node
   * frozen) and that nobody has taken goes on: its epoch says that nobody has sent or settled anything of it.
   */
  async renew(): Promise<void> {
    // What is taken meanwhile was not asked for: it is not lost because the answer says nothing of it.
    const asked = [...this.#held.values()]
    if (asked.length === 0) return
    const askedAtMs = performance.now()
    const { rows } = await this.#pool.query<{ id: string; epoch: string }>(
      `UPDATE lane SET lease_until = clock_timestamp() + $3 * interval '1 millisecond'
       WHERE owner = $1 AND id = ANY($2::bigint[]) RETURNING id, epoch`,
      [this.#node, asked.map(({ id }) => id), this.#ownershipMs],
    )
    const epochs = new Map(rows.map(({ id, epoch }) => [id, epoch]))
    for (const held of asked) {
      if (epochs.get(held.id) === held.epoch) held.sureUntilMs = askedAtMs + this.#ownershipMs
      else this.lose(held)
    }
  }

  lose(lane: OwnedLane): void {
    if (!this.has(lane)) return
    this.#held.delete(laneName(lane.key))
    this.#onLost(lane)
  }

  has({ key, epoch }: OwnedLane): boolean {
    return this.#held.get(laneName(key))?.epoch === epoch
  }

  /** Gives every lane back, so that another node need not wait for the lease to run out. */
  async giveBack(): Promise<void> {
    this.#held.clear()
    await this.#pool.query('UPDATE lane SET owner = NULL, lease_until = NULL WHERE owner = $1', [this.#node])
  }
}

/** Locks the lane's row and tells whether it is still ours. For the transaction that writes results. */
export async function stillOwned(client: pg.PoolClient, node: string, { id, epoch }: OwnedLane): Promise<boolean> {
  const { rowCount } = await client.query('SELECT 1 FROM lane WHERE id = $1 AND owner = $2 AND epoch = $3 FOR UPDATE', [
    id,
    node,
    epoch,
  ])
  return rowCount === 1
}
