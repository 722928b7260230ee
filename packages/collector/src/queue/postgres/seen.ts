/**
 * The memory of what was received: the same (pixel, event_name, event_id) is stored once within 48 hours, whichever node it reaches.
 *
 * One table a day. Old days are emptied whole, so that remembering leaves no dead rows behind. A node's clock decides the day;
 * clocks may differ by most of a day before anything is forgotten too early.
 */
import { createHash } from 'node:crypto'
import type pg from 'pg'
import type { QueuedEvent } from '../queue.js'
import { SEEN_SLOTS } from './schema.js'

const DAY_MS = 86_400_000

/** Today and the days that 48 hours can reach back to. */
const DAYS_LOOKED_AT = [1, 2]

const dayOf = (ms: number) => Math.floor(ms / DAY_MS)
const slotOf = (day: number) => ((day % SEEN_SLOTS) + SEEN_SLOTS) % SEEN_SLOTS

/** Sixteen bytes are enough to tell 10^9 events apart with a chance of 10^-20. `undefined`: without an id nothing can be told apart. */
export function identityOf({ lane, eventName, eventId }: QueuedEvent): Buffer | undefined {
  if (eventId === undefined) return undefined
  return createHash('sha256').update(`${lane.pixelId}\n${eventName}\n${eventId}`).digest().subarray(0, 16)
}

export class Seen {
  /** Which day each table holds, as last read. */
  #days: number[] = []

  /** Remembers the identities and returns those that were not known, as hexadecimal text. */
  async remember(client: pg.PoolClient, identities: readonly Buffer[], nowMs: number): Promise<Set<string>> {
    if (identities.length === 0) return new Set()
    const day = dayOf(nowMs)
    if (this.#days[slotOf(day)] !== day) await this.#turnTo(client, day)
    const known = DAYS_LOOKED_AT.map((back) => day - back)
      .filter((earlier) => this.#days[slotOf(earlier)] === earlier)
      .map((earlier) => `AND NOT EXISTS (SELECT 1 FROM seen_${slotOf(earlier)} s WHERE s.hash = given.hash)`)
    // In one order everywhere, or two nodes that receive the same events could wait for each other for ever.
    const sorted = [...identities].sort((a, b) => a.compare(b))
    const { rows } = await client.query<{ hash: Buffer }>(
      `INSERT INTO seen_${slotOf(day)} (hash)
       SELECT given.hash FROM unnest($1::bytea[]) WITH ORDINALITY AS given (hash, place) WHERE TRUE ${known.join(' ')} ORDER BY place
       ON CONFLICT DO NOTHING RETURNING hash`,
      [sorted],
    )
    return new Set(rows.map(({ hash }) => hash.toString('hex')))
  }

  /** The first event of a day empties the table whose turn it is. What another node did already is only read. */
  async #turnTo(client: pg.PoolClient, day: number): Promise<void> {
    const slot = slotOf(day)
    const { rowCount } = await client.query('UPDATE seen_slot SET day = $1 WHERE slot = $2 AND day < $1', [day, slot])
    if (rowCount === 1) await client.query(`TRUNCATE seen_${slot}`)
    const { rows } = await client.query<{ slot: number; day: number }>('SELECT slot, day FROM seen_slot')
    this.#days = []
    for (const row of rows) this.#days[row.slot] = row.day
    // A clock that is days behind finds a later day in its table, and uses it as it is.
    this.#days[slot] = day
  }

  /** After a rollback nothing of the above has happened. */
  forget(): void {
    this.#days = []
  }
}
