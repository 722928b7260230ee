/**
 * The sums of the books, added to in the transaction that changes what they count.
 *
 * A row belongs to one node: two nodes that commit at once never wait for each other here.
 */
import type pg from 'pg'
import type { Books, DropReason, PixelBooks } from '../queue.js'
import { emptyPage } from '../queue.js'

/** Additions to the sums of one pixel, by name: `received`, `delivered`, `dropped:duplicate`, … */
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

  async write(client: pg.PoolClient, node: string): Promise<void> {
    const sums = [...this.#sums.values()]
    if (sums.length === 0) return
    await client.query(
      `INSERT INTO tally AS t (node, pixel_id, name, v)
       SELECT $1, * FROM unnest($2::text[], $3::text[], $4::bigint[])
       ON CONFLICT (node, pixel_id, name) DO UPDATE SET v = t.v + excluded.v`,
      [node, sums.map(({ pixelId }) => pixelId), sums.map(({ name }) => name), sums.map(({ v }) => v)],
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
    `SELECT pixel_id, name, sum(v) AS v FROM tally GROUP BY pixel_id, name
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
