/**
 * The tables, and how they come to be.
 *
 *   lane ──< chunk          one row of `chunk` per lane and commit: finished JSON texts, one a line
 *     │                     written once, deleted once; `gone` and `ambiguous` are small and leave the text where it is
 *     └───< dead_letter
 *   tally                   sums per node, pixel and name; nodes never wait for each other's row
 *   seen_0 … seen_4         what was received, one table a day, emptied when nobody can need it any more
 *   node                    which collectors live, and for which pixels
 *
 * Only what the wire protocol's distributed relatives have too: no partitions, no NOTIFY, no advisory locks that matter
 * after the start, no `SKIP LOCKED`.
 */
import type pg from 'pg'
import { QueueUnavailableError } from '../../errors.js'
import { transaction } from './connection.js'

/** How many tables of a day there are: today, the two days that 48 hours reach back to, one to spare for clocks that differ, and one that is empty. */
export const SEEN_SLOTS = 5

interface Step {
  sql: string
  /** A setting that a relative of PostgreSQL's may not know, and can do without. */
  optional?: true
  /** Collectors that do not know it cannot use the tables any more. */
  breaking?: true
}

/** Each step once and in order, in one transaction with the number it leads to. Steps are only ever added. */
const MIGRATIONS: readonly Step[] = [
  {
    sql: `
  CREATE TABLE lane (
    id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    pixel_id    TEXT NOT NULL,
    test_code   TEXT NOT NULL DEFAULT '',
    hold        JSONB,
    owner       TEXT,
    lease_until TIMESTAMPTZ,
    epoch       BIGINT NOT NULL DEFAULT 0,
    UNIQUE (pixel_id, test_code)
  );
  CREATE TABLE chunk (
    id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    lane_id     BIGINT NOT NULL REFERENCES lane (id),
    n           INT NOT NULL,
    bytes       INT NOT NULL,
    received_ms BIGINT NOT NULL,
    gone        INT[] NOT NULL DEFAULT '{}',
    ambiguous   JSONB NOT NULL DEFAULT '{}',
    facts       TEXT NOT NULL,
    body        TEXT NOT NULL
  );
  CREATE INDEX chunk_by_lane ON chunk (lane_id, id);
  CREATE TABLE dead_letter (
    id            BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    pixel_id      TEXT NOT NULL,
    test_code     TEXT NOT NULL,
    kind          TEXT NOT NULL,
    event_name    TEXT NOT NULL,
    event_id      TEXT,
    event_time_ms BIGINT NOT NULL,
    deadline_ms   BIGINT NOT NULL,
    received_ms   BIGINT NOT NULL,
    died_ms       BIGINT NOT NULL,
    cause         TEXT NOT NULL,
    reason        JSONB NOT NULL,
    body          TEXT NOT NULL
  );
  CREATE TABLE tally (
    node     TEXT NOT NULL,
    pixel_id TEXT NOT NULL,
    name     TEXT NOT NULL,
    v        BIGINT NOT NULL,
    PRIMARY KEY (node, pixel_id, name)
  );
  CREATE TABLE node (
    id       TEXT PRIMARY KEY,
    pixels   TEXT[] NOT NULL,
    alive_at TIMESTAMPTZ NOT NULL
  );
  CREATE TABLE seen_slot (slot INT PRIMARY KEY, day INT NOT NULL);
  ${Array.from(
    { length: SEEN_SLOTS },
    (_, slot) => `
  CREATE TABLE seen_${slot} (hash BYTEA PRIMARY KEY);
  INSERT INTO seen_slot VALUES (${slot}, -1);`,
  ).join('')}
  `,
  },
  // What waits is a sum, too, so that knowing how much it is takes no look at all of it. Lanes are never deleted: a foreign key would only write to the
  // lane's row with each commit.
  {
    sql: `
  INSERT INTO tally (node, pixel_id, name, v)
  SELECT 'before version 2', pixel_id, 'bytes', sum(bytes) FROM chunk JOIN lane ON lane.id = lane_id GROUP BY pixel_id;
  ALTER TABLE chunk DROP CONSTRAINT chunk_lane_id_fkey;
  `,
  },
  // All that is written is deleted soon after: tidying up at leisure, as is usual, falls behind under load.
  { sql: 'ALTER TABLE chunk SET (autovacuum_vacuum_cost_delay = 0)', optional: true },
  // A fifth smaller than sixteen bytes of unknown length, in rows of which there are many.
  {
    breaking: true,
    sql: Array.from(
      { length: SEEN_SLOTS },
      (_, slot) => `ALTER TABLE seen_${slot} ALTER COLUMN hash TYPE UUID USING encode(hash, 'hex')::uuid;`,
    ).join('\n'),
  },
  // So that a collector that is running learns whether it can go on when a newer one has been here.
  { sql: 'ALTER TABLE schema_version ADD COLUMN usable_from INT NOT NULL DEFAULT 1' },
]

/** The oldest version that can use the tables as they are now. */
const USABLE_FROM = MIGRATIONS.reduce((from, { breaking }, index) => (breaking ? index + 1 : from), 1)

/** Keeps two nodes that start at once from migrating at once. Any number; it only has to be ours. */
const MIGRATION_LOCK = 7_240_912

/**
 * Brings the tables up to date, in one transaction and by one node at a time.
 *
 * @throws QueueUnavailableError when a newer version of the collector has been here
 */
export async function migrate(pool: pg.Pool, schema: string): Promise<void> {
  await transaction(pool, async (client) => {
    await client.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK])
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`)
    await client.query('CREATE TABLE IF NOT EXISTS schema_version (version INT NOT NULL)')
    const { rows } = await client.query<{ version: number }>('SELECT version FROM schema_version')
    const version = rows[0]?.version ?? 0
    if (version > MIGRATIONS.length) throw new QueueUnavailableError(tooNew(version))
    if (version === MIGRATIONS.length) return
    if (rows.length === 0) await client.query('INSERT INTO schema_version VALUES (0)')
    for (const step of MIGRATIONS.slice(version)) await take(client, step)
    await client.query('UPDATE schema_version SET version = $1, usable_from = $2', [MIGRATIONS.length, USABLE_FROM])
  })
}

/**
 * Whether a newer collector has changed the tables under this one, as it does first in a rolling upgrade, in a way that this one does not understand:
 * in words. `undefined` when it can go on.
 */
export async function outdatedBecause(pool: pg.Pool): Promise<string | undefined> {
  const { rows } = await pool.query<{ version: number; usable_from: number }>(
    'SELECT version, usable_from FROM schema_version',
  )
  const [row] = rows
  return row !== undefined && row.usable_from > MIGRATIONS.length ? tooNew(row.version) : undefined
}

const tooNew = (version: number) =>
  `The queue's tables are of version ${version}; this collector knows ${MIGRATIONS.length}. Upgrade it.`

async function take(client: pg.PoolClient, { sql, optional }: Step): Promise<void> {
  if (optional === undefined) {
    await client.query(sql)
    return
  }
  await client.query('SAVEPOINT before_step')
  await client.query(sql).catch(() => client.query('ROLLBACK TO SAVEPOINT before_step'))
}
