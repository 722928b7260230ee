/**
 * One commit as one statement, and so as one round trip: what is new is remembered, stored and counted, or nothing of it is.
 *
 * The texts travel as lines of one parameter each. As an array they would be escaped here and unescaped there, quote by quote, and JSON has
 * many quotes.
 */
import type pg from 'pg'
import type { Drops, LaneKey, QueuedEvent, StoredAs } from '../queue.js'
import { laneName } from '../queue.js'
import { chunksOf, factsLine } from './chunk.js'
import { identityOf, type SeenTables } from './seen.js'
import { Additions } from './tally.js'

export interface Request {
  events: readonly QueuedEvent[]
  drops: Drops
}

/** An event that this commit stores, unless it came before. */
interface Candidate {
  event: QueuedEvent
  json: string
  identity: string
  /** Where its request is told what became of it. */
  answers: StoredAs[]
  index: number
}

/** What one commit may store, chunk by chunk, and what is known about the rest. */
export interface Prepared {
  chunks: { lane: LaneKey; events: Candidate[] }[]
  /** For each event of each request, as things stand before the commit. */
  answers: StoredAs[][]
  additions: Additions
}

/** Sorts requests into chunks. Of events with one identity the first may be stored. */
export function prepare(requests: readonly Request[]): Prepared {
  const additions = new Additions()
  const taken = new Set<string>()
  const lanes = new Map<string, { lane: LaneKey; events: Candidate[] }>()

  function sort(event: QueuedEvent, index: number, answers: StoredAs[]): void {
    const { lane, json } = event
    const identity = identityOf(event)
    if (identity !== '' && taken.has(identity)) {
      additions.addDropped(lane.pixelId, 'duplicate', 1)
      answers[index] = 'duplicate'
      return
    }
    taken.add(identity)
    additions.add(lane.pixelId, 'received', 1)
    const name = laneName(lane)
    let known = lanes.get(name)
    if (known === undefined) lanes.set(name, (known = { lane, events: [] }))
    known.events.push({ event, json, identity, answers, index })
  }

  const answers = requests.map(({ events, drops }) => {
    for (const { pixelId, reason, count } of drops) additions.addDropped(pixelId, reason, count)
    const own = new Array<StoredAs>(events.length).fill('stored')
    events.forEach((event, index) => sort(event, index, own))
    return own
  })
  const chunks = [...lanes.values()].flatMap(({ lane, events }) =>
    chunksOf(events).map((chunk) => ({ lane, events: chunk.events })),
  )
  return { chunks, answers, additions }
}

/** The statement for these tables of days. `hash NOT IN` and `IN` are looked up in a hash, whatever the planner thinks of the numbers. */
const statementFor = ({ today, earlier }: SeenTables) => `
WITH given AS (
  SELECT place, chunk, nullif(hash, '')::uuid AS hash, facts, json
  FROM unnest($1::int[], string_to_array($2, E'\\n'), string_to_array($3, E'\\n'), string_to_array($4, E'\\n'))
       WITH ORDINALITY AS lines (chunk, hash, facts, json, place)
), fresh AS (
  INSERT INTO seen_${today} (hash)
  SELECT hash FROM given
  WHERE hash IS NOT NULL
  ${earlier.map((slot) => `AND NOT EXISTS (SELECT 1 FROM seen_${slot} s WHERE s.hash = given.hash)`).join(' ')}
  ORDER BY hash
  ON CONFLICT DO NOTHING RETURNING hash
), sorted AS (
  SELECT place, chunk, facts, json, hash IS NULL OR hash IN (SELECT hash FROM fresh) AS is_new FROM given
), stored AS (
  INSERT INTO chunk (lane_id, n, bytes, received_ms, facts, body)
  SELECT ($5::bigint[])[chunk], count(*), sum(octet_length(json)), $6::bigint,
         '[' || string_agg(facts, ',' ORDER BY place) || ']', string_agg(json, E'\\n' ORDER BY place)
  FROM sorted WHERE is_new GROUP BY chunk ORDER BY chunk
), counted AS (
  INSERT INTO tally AS t (node, pixel_id, name, v)
  SELECT $7::text, pixel_id, name, sum(v) FROM (
    SELECT pixel_id, name, v FROM unnest($8::text[], $9::text[], $10::bigint[]) AS sure (pixel_id, name, v)
    UNION ALL
    SELECT ($11::text[])[chunk], 'bytes', octet_length(json) FROM sorted WHERE is_new
    UNION ALL
    SELECT ($11::text[])[chunk], 'dropped:duplicate', 1 FROM sorted WHERE NOT is_new
  ) additions GROUP BY pixel_id, name
  ON CONFLICT (node, pixel_id, name) DO UPDATE SET v = t.v + excluded.v
)
SELECT place FROM sorted WHERE NOT is_new`

/** Commits, and writes into the answers which events had come before. */
export async function commitPrepared(
  pool: pg.Pool,
  { chunks, additions }: Prepared,
  world: { tables: SeenTables; laneIds: ReadonlyMap<string, string>; node: string; nowMs: number },
): Promise<void> {
  const candidates = chunks.flatMap(({ events }) => events)
  const { rows } = await pool.query<{ place: string }>({
    // Each connection keeps the statement ready under its name.
    name: `append ${world.tables.today} ${world.tables.earlier.join(' ')}`,
    text: statementFor(world.tables),
    values: [
      chunks.flatMap(({ events }, index) => events.map(() => index + 1)),
      candidates.map(({ identity }) => identity).join('\n'),
      candidates.map(({ event }) => factsLine(event)).join('\n'),
      candidates.map(({ json }) => json).join('\n'),
      chunks.map(({ lane }) => world.laneIds.get(laneName(lane))),
      world.nowMs,
      world.node,
      ...additions.columns(),
      chunks.map(({ lane }) => lane.pixelId),
    ],
  })
  for (const { place } of rows) {
    const { answers, index } = candidates[Number(place) - 1]!
    answers[index] = 'duplicate'
  }
}
