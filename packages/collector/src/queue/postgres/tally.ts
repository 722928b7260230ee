/**
 * The sums of the books, added to in the transaction that changes what they count.
 *
 * A row belongs to one node: two nodes that commit at once never wait for each other here.
 */
import type pg from 'pg'
import type { Books, DropReason, PixelBooks } from '../queue.js'
import { emptyPage } from '../queue.js'

/**
 * Additions to the sums of one pixel, by name: `received`, `delivered`, `dropped:duplicate`, …; and `bytes`, how much waits. That one goes
 * down, too.
 */
export class Additions {
  readonly #sums = new Map<string, { pixelId: string; name: string; v: number }>()

  add(pixelId: string, name: string, count: number): void {
    if (count === 0) return
    const key = `${pixelId} ${name}`
    const sum = this.#sums.get(key)
    if (sum) sum.v += count
    else this.#sums.set(key, { pixelId, name, v: count })
  }

  addDropped(pixelId: string, reason: DropReason, count: number): void {
    this.add(pixelId, 'received', count)
    this.add(pixelId, `dropped:${reason}`, count)
  }

  /** As a statement takes them: pixels, names, values. */
  columns(): [pixelIds: string[], names: string[], values: number[]] {
    const sums = [...this.#sums.values()]
    return [sums.map(({ pixelId }) => pixelId), sums.map(({ name }) => name), sums.map(({ v }) => v)]
  }

  async write(client: pg.Pool | pg.PoolClient, node: string): Promise<void> {
    if (this.#sums.size === 0) return
    await client.query(
      `INSERT INTO tally AS t (node, pixel_id, name, v)
       SELECT $1, * FROM unnest($2::text[], $3::text[], $4::bigint[])
       ON CONFLICT (node, pixel_id, name) DO UPDATE SET v = t.v + excluded.v`,
      [node, ...this.columns()],
    )
  }
}

/** Names of sums that are fields of `PixelBooks` as they stand. */
type Plain = Exclude<keyof PixelBooks, 'pixelId' | 'dropped' | 'waiting'>

/**
 * The books of all nodes together. What waits is counted afresh, not computed from the other sums: only so can a gap show.
 * One statement, so that both halves are of the same moment.
 */
export async function readBooks(pool: pg.Pool): Promise<Books> {
  const { rows } = await pool.query<{ pixel_id: string; name: string; v: string }>(
    `SELECT pixel_id, name, sum(v) AS v FROM tally WHERE name <> 'bytes' GROUP BY pixel_id, name
     UNION ALL
     SELECT pixel_id, 'waiting', sum(n - cardinality(gone)) FROM chunk JOIN lane ON lane.id = lane_id GROUP BY pixel_id`,
  )
  const pages = new Map<string, PixelBooks>()
  for (const { pixel_id: pixelId, name, v } of rows) {
    let page = pages.get(pixelId)
    if (page === undefined) pages.set(pixelId, (page = emptyPage(pixelId)))
    if (name.startsWith('dropped:')) page.dropped[name.slice('dropped:'.length) as DropReason] = Number(v)
    else if (name === 'waiting') page.waiting = Number(v)
    else page[name as Plain] = Number(v)
  }
  return { pixels: [...pages.values()] }
}

/** What waits, as the sums have it. */
export interface Waiting {
  events: number
  bytes: number
  deadLetters: number
  oldestReceivedAtMs?: number
}

/**
 * What waits, without looking at what waits: this is asked twice a second by each node, also when there are millions of events.
 * The oldest is the first of some lane.
 */
export async function readWaiting(pool: pg.Pool): Promise<Waiting> {
  const { rows } = await pool.query<{ events: string; bytes: string; letters: string; oldest: string | null }>(
    `SELECT coalesce(sum(CASE WHEN name = 'received' THEN v WHEN name IN ('delivered', 'dead', 'expired') OR name LIKE 'dropped:%' THEN -v END), 0) AS events,
            coalesce(sum(CASE WHEN name = 'bytes' THEN v END), 0) AS bytes,
            coalesce(sum(CASE WHEN name IN ('dead', 'expired') THEN v WHEN name IN ('replayed', 'lettersDropped') THEN -v END), 0) AS letters,
            (SELECT min((SELECT received_ms FROM chunk WHERE lane_id = lane.id ORDER BY id LIMIT 1)) FROM lane) AS oldest
     FROM tally`,
  )
  const { events, bytes, letters, oldest } = rows[0]!
  return {
    events: Number(events),
    bytes: Number(bytes),
    deadLetters: Number(letters),
    ...(oldest !== null && { oldestReceivedAtMs: Number(oldest) }),
  }
}
