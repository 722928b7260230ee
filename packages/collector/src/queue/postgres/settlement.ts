/** What became of leased events, written down in one transaction: the events' rows, the dead letters, the books. */
import type pg from 'pg'
import { parseRef } from '../event-ref.js'
import type { LeasedEvent, Purge, Verdict } from '../queue.js'
import { transaction } from './connection.js'
import { bury } from './dead-letters.js'
import type { OwnedLane } from './ownership.js'
import { stillOwned } from './ownership.js'
import { Additions } from './tally.js'

/** Why an event leaves, or that it stays. */
export type Left = Verdict | Purge

export interface Settlement {
  lane: OwnedLane
  /** The leased events by their refs. */
  events: ReadonlyMap<string, LeasedEvent>
  verdicts: readonly Left[]
  /** It was tried before, and nobody knows whether it was committed. */
  again: boolean
}

/** False when the lane is another node's by now; then nothing was written. */
export function writeSettlement(
  pool: pg.Pool,
  { lane, events, verdicts, again }: Settlement,
  { node, nowMs }: { node: string; nowMs: number },
): Promise<boolean> {
  return transaction(pool, async (client) => {
    if (!(await stillOwned(client, node, lane))) return false
    const open = again ? await stillWaiting(client, verdicts) : verdicts
    await leaveChunks(client, byChunk(open.filter(({ kind }) => kind !== 'free')))
    await noteAmbiguous(client, events, open)
    await bury(client, lane.key, events, open, nowMs)
    await sumsOf(lane.key.pixelId, events, open).write(client, node)
    return true
  })
}

/** Those whose events are in the table. Nobody else takes any out while the lane's row is locked by its owner. */
async function stillWaiting(client: pg.PoolClient, verdicts: readonly Left[]): Promise<Left[]> {
  const ids = [...byChunk(verdicts).keys()]
  const { rows } = await client.query<{ id: string; gone: number[] }>(
    'SELECT id, gone FROM chunk WHERE id = ANY($1::bigint[])',
    [ids],
  )
  const gone = new Map(rows.map((row) => [row.id, new Set(row.gone)]))
  return verdicts.filter(({ ref }) => {
    const { chunkId, index } = parseRef(ref)
    return gone.get(chunkId)?.has(index) === false
  })
}

function sumsOf(pixelId: string, events: ReadonlyMap<string, LeasedEvent>, verdicts: readonly Left[]): Additions {
  const additions = new Additions()
  for (const { ref, kind } of verdicts) {
    if (kind === 'free') continue
    additions.add(pixelId, kind === 'purged' ? 'dropped:purged' : kind, 1)
    additions.add(pixelId, 'bytes', -Buffer.byteLength(events.get(ref)!.json))
  }
  return additions
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

/** When an attempt ended without an answer for the first time. */
async function noteAmbiguous(
  client: pg.PoolClient,
  events: ReadonlyMap<string, LeasedEvent>,
  verdicts: readonly Left[],
): Promise<void> {
  for (const verdict of verdicts) {
    if (verdict.kind !== 'free' || verdict.ambiguousSinceMs === undefined) continue
    if (events.get(verdict.ref)!.ambiguousSinceMs !== undefined) continue
    const { chunkId, index } = parseRef(verdict.ref)
    await client.query('UPDATE chunk SET ambiguous = ambiguous || $2 WHERE id = $1', [
      chunkId,
      { [index]: verdict.ambiguousSinceMs },
    ])
  }
}
