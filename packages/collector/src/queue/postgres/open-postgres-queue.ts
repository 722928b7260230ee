import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { QueueUnavailableError } from '../../errors.js'
import type { QueueOptions } from '../queue-options.js'
import type { LaneHold, LaneKey, LaneStatus, Queue, QueueStatus } from '../queue.js'
import { Admission } from './admission.js'
import { Appender, laneId } from './appender.js'
import { asQueueError, assertDurable, createPool, parsePostgresUrl } from './connection.js'
import { postgresDeadLetters } from './dead-letters.js'
import { Drainer } from './drainer.js'
import { Ownership, OWNERSHIP_MS } from './ownership.js'
import { Presence } from './presence.js'
import { migrate, outdatedBecause } from './schema.js'
import { readBooks } from './tally.js'

/** Two for taking in, the rest for draining, renewing and looking. A database serves many nodes: each is modest. */
const MAX_CONNECTIONS = 6

/** Half of the relay's batching second. */
const LOOK_EVERY_MS = 500

export interface PostgresQueueOptions extends QueueOptions {
  /** How long a dead node keeps its lanes, in milliseconds. */
  ownershipMs?: number
  /** How often to renew what this node has and to look for lanes that nobody drains, in milliseconds. */
  lookEveryMs?: number
}

/**
 * The queue on PostgreSQL, shared by any number of collectors. None is special: each takes events in, each drains lanes.
 *
 * - `append()` resolves after COMMIT with `fsync` and `synchronous_commit` on; weaker servers are refused at the start.
 * - A lane is drained by one node at a time (`ownership.ts`). When a node dies, its lanes move within 15 seconds.
 * - A hold (parked, throttled) stands on the lane's row: all nodes respect it.
 * - kill -9 of a node: what it had leased is offered again by the lane's next owner. What Meta had taken and the node could not write
 *   down is sent twice, at most one batch for each request in flight; Meta deduplicates it by event id.
 * - A newer collector has changed the tables: this one goes on if it can, or refuses by the name `outdated`, writes down what it has in hand and
 *   leaves its lanes to the others.
 * - The database away: appends reject with `QueueUnavailableError` until it is back; nothing acknowledged depends on this process. What became of
 *   events meanwhile is written when it is back, unless another node has taken the lane by then (`drainer.ts`).
 *
 * @throws QueueUnavailableError when the database cannot be reached, would not be durable, or holds tables of a newer version
 * @throws QueueInUseError when another cluster uses these tables
 */
export async function openPostgresQueue(url: string, options: PostgresQueueOptions): Promise<Queue> {
  const { log, now, ownershipMs = OWNERSHIP_MS, lookEveryMs = LOOK_EVERY_MS, pixelIds = [], alone = false } = options
  const target = parsePostgresUrl(url)
  const pool = createPool(target, MAX_CONNECTIONS)
  const node = `${hostname()}/${process.pid}/${randomBytes(4).toString('hex')}`
  const presence = new Presence({ pool, node, pixelIds, aliveMs: ownershipMs })
  const admission = new Admission(pool, options)
  // A connection that breaks while idle; the pool replaces it, and whoever asks next learns whether that works.
  pool.on('error', (error) =>
    log.warn({ event: 'queue.connection_lost', reason: asQueueError(error).message }, 'lost a database connection'),
  )

  try {
    await assertDurable(pool)
    await migrate(pool, target.schema)
    await presence.announce(alone)
  } catch (error) {
    await pool.end()
    throw asQueueError(error)
  }

  const listeners = new Set<(lane: LaneKey, added?: number) => void>()
  const tell = (lane: LaneKey, added?: number) => listeners.forEach((listener) => listener(lane, added))
  let closing = false

  const ownership = new Ownership(pool, node, (lane) => drainer.forget(lane), ownershipMs)
  const drainer: Drainer = new Drainer({ pool, node, now, ownership })
  const appender = new Appender({
    pool,
    node,
    now,
    onStored(stored) {
      for (const { lane, events, bytes } of stored.values()) {
        admission.add(bytes)
        tell(lane, events)
      }
    },
  })

  /** One look: what waits, and which lanes this node could drain. */
  async function look(): Promise<void> {
    await admission.look()
    const { rows: lanes } = await pool.query<{ pixel_id: string; test_code: string }>(
      `SELECT pixel_id, test_code FROM lane
       WHERE (owner IS NULL OR owner = $1 OR lease_until < clock_timestamp()) AND EXISTS (SELECT 1 FROM chunk WHERE lane_id = lane.id)`,
      [node],
    )
    for (const lane of lanes) tell(keyOf(lane))
  }

  async function rounds(): Promise<void> {
    try {
      admission.outdated(await outdatedBecause(pool))
      // Its lanes run out, and those who know the tables take them.
      if (admission.isOutdated) return
      await ownership.renew()
      await look()
      admission.reached()
    } catch (error) {
      admission.notReached(error)
    }
  }

  let roundUnderWay = Promise.resolve()
  const timer = setInterval(() => {
    roundUnderWay = roundUnderWay.then(rounds)
  }, lookEveryMs)
  timer.unref()
  const beats = setInterval(() => void presence.beat().catch(() => undefined), ownershipMs / 2)
  beats.unref()

  return {
    async append(events, drops = []) {
      if (closing) throw new QueueUnavailableError('The queue is closed.')
      admission.admit(events.reduce((sum, { json }) => sum + json.length, 0))
      return appender.append(events, drops).catch((error: unknown) => {
        admission.failed(error)
        throw error
      })
    },

    async lease(lane, limit) {
      admission.assertUpToDate()
      return drainer.lease(lane, limit).catch(rethrow)
    },

    async settle(lease, verdicts) {
      const { freed, bytes } = await drainer.settle(lease, verdicts).catch(rethrow)
      admission.add(-bytes)
      if (freed) tell(lease.lane)
    },

    async lanes() {
      const { rows } = await pool
        .query<LaneRow>(
          `SELECT pixel_id, test_code, hold, sum(n - cardinality(gone)) AS events, sum(bytes) AS bytes, min(received_ms) AS oldest
           FROM lane LEFT JOIN chunk ON lane_id = lane.id GROUP BY lane.id HAVING hold IS NOT NULL OR sum(n) > 0`,
        )
        .catch(rethrow)
      return rows.map(statusOf)
    },

    async hold(lane, hold) {
      const id = await laneId(pool, lane).catch(rethrow)
      await pool.query('UPDATE lane SET hold = $2 WHERE id = $1', [id, hold ?? null]).catch(rethrow)
    },

    onWaiting(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },

    deadLetters: postgresDeadLetters({ pool, node, now, onReplayed: tell }),

    books: () => readBooks(pool).catch(rethrow),

    async status(): Promise<QueueStatus> {
      if (!closing && !admission.isOutdated) await look().catch(rethrow)
      return admission.status(closing)
    },

    async probe() {
      await presence.beat().catch(rethrow)
      await admission.lookForRoom().catch(rethrow)
    },

    async close() {
      if (closing) return
      closing = true
      clearInterval(timer)
      clearInterval(beats)
      await appender.settled()
      await roundUnderWay
      // If the database is away, the leases run out by themselves.
      await ownership
        .giveBack()
        .catch((error: unknown) =>
          log.warn(
            { event: 'queue.lanes_not_given_back', reason: asQueueError(error).message },
            'lanes move when their lease runs out',
          ),
        )
      await presence.leave().catch(() => undefined)
      await pool.end()
    },
  }
}

interface LaneRow {
  pixel_id: string
  test_code: string
  hold: LaneHold | null
  events: string | null
  bytes: string | null
  oldest: string | null
}

const keyOf = ({ pixel_id, test_code }: { pixel_id: string; test_code: string }): LaneKey => ({
  pixelId: pixel_id,
  ...(test_code !== '' && { testEventCode: test_code }),
})

function statusOf(row: LaneRow): LaneStatus {
  return {
    lane: keyOf(row),
    waitingEvents: Number(row.events ?? 0),
    waitingBytes: Number(row.bytes ?? 0),
    ...(row.oldest !== null && { oldestReceivedAtMs: Number(row.oldest) }),
    ...(row.hold !== null && { hold: row.hold }),
  }
}

function rethrow(error: unknown): never {
  throw asQueueError(error)
}
