/**
 * Which collectors live, and for which pixels: each says so in the table `node`, again and again.
 *
 * Time is the database's alone, as for lanes.
 */
import type pg from 'pg'
import { QueueInUseError } from '../../errors.js'
import { unwelcomeBecause, type Member } from '../welcome.js'
import { transaction } from './connection.js'

/** Who has not been heard of for so long does not come back under its old name. */
const FORGOTTEN_AFTER = '1 hour'

/** Whose sums those of the forgotten are added to. Else each start would leave rows behind for ever. */
const FORGOTTEN = 'those before'

export interface PresenceOptions {
  pool: pg.Pool
  node: string
  pixelIds: readonly string[]
  /** How long after its last sign a node counts as alive, in milliseconds. */
  aliveMs: number
}

export class Presence {
  readonly #pool: pg.Pool
  readonly #node: string
  readonly #pixelIds: readonly string[]
  readonly #aliveMs: number

  constructor({ pool, node, pixelIds, aliveMs }: PresenceOptions) {
    this.#pool = pool
    this.#node = node
    this.#pixelIds = pixelIds
    this.#aliveMs = aliveMs
  }

  /**
   * The first sign of life.
   *
   * @throws QueueInUseError when another cluster uses these tables; or when anybody does and this node must be alone
   */
  async announce(alone: boolean): Promise<void> {
    // First of all: of two that start at the same moment at least one sees the other.
    await this.beat()
    const problem = unwelcomeBecause(await this.#others(), {
      pixelIds: this.#pixelIds,
      alone,
      aliveMs: this.#aliveMs,
      shared: 'these tables',
      remedy: 'its own schema: QUEUE_URL=…?schema=another_name',
    })
    if (problem !== undefined) {
      await this.leave()
      throw new QueueInUseError(problem)
    }
    await this.#forgetTheDead()
  }

  /** A real commit. */
  async beat(): Promise<void> {
    await this.#pool.query(
      `INSERT INTO node (id, pixels, alive_at) VALUES ($1, $2, clock_timestamp())
       ON CONFLICT (id) DO UPDATE SET alive_at = excluded.alive_at, pixels = excluded.pixels`,
      [this.#node, this.#pixelIds],
    )
  }

  async leave(): Promise<void> {
    await this.#pool.query('DELETE FROM node WHERE id = $1', [this.#node])
  }

  async #others(): Promise<Member[]> {
    const { rows } = await this.#pool.query<Member>(
      `SELECT id, pixels FROM node WHERE alive_at > clock_timestamp() - $1 * interval '1 millisecond' AND id <> $2`,
      [this.#aliveMs, this.#node],
    )
    return rows
  }

  /**
   * Nodes that are long gone leave one row of sums together. One that was only frozen, and adds to its own again, begins a new row: sums
   * are sums.
   */
  async #forgetTheDead(): Promise<void> {
    await transaction(this.#pool, async (client) => {
      await client.query(`DELETE FROM node WHERE alive_at < clock_timestamp() - interval '${FORGOTTEN_AFTER}'`)
      await client.query(
        `WITH gone AS (
           DELETE FROM tally WHERE node <> $1 AND NOT EXISTS (SELECT 1 FROM node WHERE tally.node = id OR left(tally.node, length(id) + 1) = id || '/')
           RETURNING pixel_id, name, v
         )
         INSERT INTO tally AS t (node, pixel_id, name, v) SELECT $1, pixel_id, name, sum(v) FROM gone GROUP BY pixel_id, name
         ON CONFLICT (node, pixel_id, name) DO UPDATE SET v = t.v + excluded.v`,
        [FORGOTTEN],
      )
    })
  }
}
