/** Dead letters in PostgreSQL: one table, read and changed by any node. */
import type pg from 'pg'
import type {
  DeadLetter,
  DeadLetterFilter,
  DeadLetters,
  DeathReason,
  LaneKey,
  LeasedEvent,
  Purge,
  QueuedEvent,
  Verdict,
} from '../queue.js'
import { laneId } from './appender.js'
import { bodyText, chunksOf, factsText } from './chunk.js'
import { asQueueError, transaction } from './connection.js'
import { Additions } from './tally.js'

/** Replayed and dropped in steps of this size, so that no transaction grows with the number of letters. */
const STEP = 1_000

interface LetterRow {
  id: string
  pixel_id: string
  test_code: string
  kind: 'dead' | 'expired'
  event_name: string
  event_id: string | null
  event_time_ms: string
  deadline_ms: string
  received_ms: string
  died_ms: string
  reason: DeathReason
  body: string
}

/** Writes a letter for every event whose verdict is dead or expired. Part of the transaction that settles. */
export async function bury(
  client: pg.PoolClient,
  { pixelId, testEventCode = '' }: LaneKey,
  events: ReadonlyMap<string, LeasedEvent>,
  verdicts: readonly (Verdict | Purge)[],
  diedAtMs: number,
): Promise<void> {
  for (const verdict of verdicts) {
    if (verdict.kind !== 'dead' && verdict.kind !== 'expired') continue
    const event = events.get(verdict.ref)!
    await client.query(
      `INSERT INTO dead_letter (pixel_id, test_code, kind, event_name, event_id, event_time_ms, deadline_ms, received_ms, died_ms, cause, reason, body)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
      [
        pixelId,
        testEventCode,
        verdict.kind,
        event.eventName,
        event.eventId ?? null,
        event.eventTimeMs,
        event.deadlineMs,
        event.receivedAtMs,
        diedAtMs,
        verdict.reason.cause,
        verdict.reason,
        event.json,
      ],
    )
  }
}

export interface DeadLettersOptions {
  pool: pg.Pool
  node: string
  now: () => number
  onReplayed: (lane: LaneKey, events: number) => void
}

export function postgresDeadLetters({ pool, node, now, onReplayed }: DeadLettersOptions): DeadLetters {
  return {
    async list(filter, { limit, after }) {
      const { where, values } = whereOf(filter)
      const { rows } = await pool
        .query<LetterRow>(
          `SELECT * FROM dead_letter WHERE ${where} AND ($${values.length + 1}::bigint IS NULL OR id < $${values.length + 1})
           ORDER BY id DESC LIMIT $${values.length + 2}`,
          [...values, after ?? null, limit],
        )
        .catch(rethrow)
      return rows.map(letterOf)
    },

    async replay(filter) {
      const { where, values } = whereOf(filter)
      const nowMs = now()
      let replayed = 0
      for (;;) {
        const step = await transaction(pool, async (client) => {
          const { rows } = await client.query<LetterRow>(
            `DELETE FROM dead_letter WHERE id IN (
               SELECT id FROM dead_letter WHERE ${where} AND deadline_ms > $${values.length + 1} ORDER BY id LIMIT ${STEP}
             ) RETURNING *`,
            [...values, nowMs],
          )
          await putBack(client, rows, node, nowMs)
          return rows
        }).catch(rethrow)
        replayed += step.length
        for (const [lane, events] of lanesOf(step)) onReplayed(lane, events.length)
        if (step.length < STEP) break
      }
      const { rows } = await pool
        .query<{ n: string }>(
          `SELECT count(*) AS n FROM dead_letter WHERE ${where} AND deadline_ms <= $${values.length + 1}`,
          [...values, nowMs],
        )
        .catch(rethrow)
      return { replayed, tooOld: Number(rows[0]?.n ?? 0) }
    },

    async drop(filter) {
      const { where, values } = whereOf(filter)
      return transaction(pool, async (client) => {
        const { rows } = await client.query<{ pixel_id: string; n: string }>(
          `WITH gone AS (DELETE FROM dead_letter WHERE ${where} RETURNING pixel_id)
           SELECT pixel_id, count(*) AS n FROM gone GROUP BY pixel_id`,
          values,
        )
        const additions = new Additions()
        for (const { pixel_id: pixelId, n } of rows) additions.add(pixelId, 'lettersDropped', Number(n))
        await additions.write(client, node)
        return rows.reduce((sum, { n }) => sum + Number(n), 0)
      }).catch(rethrow)
    },
  }
}

/** Letters as waiting events again, received now; in the same transaction as their deletion. */
async function putBack(client: pg.PoolClient, rows: readonly LetterRow[], node: string, nowMs: number): Promise<void> {
  const additions = new Additions()
  for (const [lane, events] of lanesOf(rows)) {
    const id = await laneId(client, lane)
    for (const chunk of chunksOf(events)) {
      await client.query(
        'INSERT INTO chunk (lane_id, n, bytes, received_ms, facts, body) VALUES ($1, $2, $3, $4, $5, $6)',
        [id, chunk.events.length, chunk.bytes, nowMs, factsText(chunk.events), bodyText(chunk.events)],
      )
      additions.add(lane.pixelId, 'bytes', chunk.bytes)
    }
    additions.add(lane.pixelId, 'received', events.length)
    additions.add(lane.pixelId, 'replayed', events.length)
  }
  await additions.write(client, node)
}

function lanesOf(rows: readonly LetterRow[]): Map<LaneKey, QueuedEvent[]> {
  const byName = new Map<string, { lane: LaneKey; events: QueuedEvent[] }>()
  for (const row of [...rows].sort((a, b) => Number(a.id) - Number(b.id))) {
    const name = `${row.pixel_id}:${row.test_code}`
    let entry = byName.get(name)
    if (entry === undefined) byName.set(name, (entry = { lane: laneOf(row), events: [] }))
    entry.events.push({ lane: entry.lane, deadlineMs: Number(row.deadline_ms), ...factsOf(row) })
  }
  return new Map([...byName.values()].map(({ lane, events }) => [lane, events]))
}

const laneOf = (row: LetterRow): LaneKey => ({
  pixelId: row.pixel_id,
  ...(row.test_code !== '' && { testEventCode: row.test_code }),
})

const factsOf = (row: LetterRow) => ({
  eventName: row.event_name,
  ...(row.event_id !== null && { eventId: row.event_id }),
  eventTimeMs: Number(row.event_time_ms),
  json: row.body,
})

function letterOf(row: LetterRow): DeadLetter {
  return {
    id: row.id,
    lane: laneOf(row),
    kind: row.kind,
    ...factsOf(row),
    receivedAtMs: Number(row.received_ms),
    diedAtMs: Number(row.died_ms),
    reason: row.reason,
  }
}

/** The filter as SQL: every field that is set must fit. */
function whereOf({ pixelId, cause, ids, sinceMs }: DeadLetterFilter): { where: string; values: unknown[] } {
  const conditions: [string, unknown][] = []
  if (pixelId !== undefined) conditions.push(['pixel_id = ?', pixelId])
  if (cause !== undefined) conditions.push(['cause = ?', cause])
  if (ids !== undefined) conditions.push(['id = ANY(?::bigint[])', ids.filter((id) => /^\d+$/.test(id))])
  if (sinceMs !== undefined) conditions.push(['died_ms >= ?', sinceMs])
  return {
    where: conditions.map(([text], index) => text.replace('?', `$${index + 1}`)).join(' AND ') || 'TRUE',
    values: conditions.map(([, value]) => value),
  }
}

function rethrow(error: unknown): never {
  throw asQueueError(error)
}
