/**
 * The memory of what was received: the same (pixel, event_name, event_id) is stored once within 48 hours, whichever node it reaches.
 *
 * One table a day. Old days are emptied whole, so that remembering leaves no dead rows behind. A node's clock decides the day;
 * clocks may differ by most of a day before anything is forgotten too early.
 */
import type pg from 'pg'
import { sha256 } from '../../sha256.js'
import type { QueuedEvent } from '../queue.js'
import { transaction } from './connection.js'
import { SEEN_SLOTS } from './schema.js'

const DAY_MS = 86_400_000

/** Today and the days that 48 hours can reach back to. */
const DAYS_LOOKED_AT = [1, 2]

/** Sixteen bytes are enough to tell 10^9 events apart with a chance of 10^-20. */
const IDENTITY_DIGITS = 32

const dayOf = (ms: number) => Math.floor(ms / DAY_MS)
const slotOf = (day: number) => ((day % SEEN_SLOTS) + SEEN_SLOTS) % SEEN_SLOTS

/** Hexadecimal. Empty without an id: then nothing can be told apart. */
export function identityOf({ lane, eventName, eventId }: QueuedEvent): string {
  return eventId === undefined ? '' : sha256(`${lane.pixelId}\n${eventName}\n${eventId}`).slice(0, IDENTITY_DIGITS)
}

/** The tables to look into now, by their numbers. */
export interface SeenTables {
  /** Where what comes now is remembered. */
  today: number
  earlier: readonly number[]
}

export class SeenDays {
  /** Which day each table holds, as last read. */
  #days: number[] = []

  async tablesAt(pool: pg.Pool, nowMs: number): Promise<SeenTables> {
    const day = dayOf(nowMs)
    if (this.#days[slotOf(day)] !== day) await this.#turnTo(pool, day)
    const earlier = DAYS_LOOKED_AT.map((back) => day - back).filter((past) => this.#days[slotOf(past)] === past)
    return { today: slotOf(day), earlier: earlier.map(slotOf) }
  }

  forget(): void {
    this.#days = []
  }

  /**
   * The first event of a day takes the table whose turn it is, and empties that of tomorrow: what is in there is four days old. What another
   * node did already is only read.
   */
  async #turnTo(pool: pg.Pool, day: number): Promise<void> {
    const rows = await transaction(pool, async (client) => {
      await emptyOlder(client, slotOf(day), day, day)
      await emptyOlder(client, slotOf(day + 1), day - (SEEN_SLOTS - 2), -1)
      return (await client.query<{ slot: number; day: number }>('SELECT slot, day FROM seen_slot')).rows
    })
    this.#days = []
    for (const row of rows) this.#days[row.slot] = row.day
    // A clock that is days behind finds a later day in its table, and uses it as it is.
    this.#days[slotOf(day)] = day
  }
}

/** Empties a table if its day is before `limit`, for another day; -1 is none. */
async function emptyOlder(client: pg.PoolClient, slot: number, limit: number, day: number): Promise<void> {
  const { rowCount } = await client.query('UPDATE seen_slot SET day = $1 WHERE slot = $2 AND day < $3 AND day <> $1', [
    day,
    slot,
    limit,
  ])
  if (rowCount === 1) await client.query(`TRUNCATE seen_${slot}`)
}
