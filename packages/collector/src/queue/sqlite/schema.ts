/**
 * The tables of a queue file, and how an older file becomes a newer one.
 *
 * A migration is appended here and never changed afterwards; its place in the list is the version it leads to. Each runs in
 * one transaction with the note that it has run.
 */
import { QueueUnavailableError } from '../../errors.js'
import { DamageError } from './damage.js'
import type { Database } from './driver.js'

/** Says in the file's header whose it is. */
export const APPLICATION_ID = 0x504d7175

/** What is counted per lane. The names are the table's columns. */
export const SUMS = [
  'received',
  'delivered',
  'dead',
  'expired',
  'replayed',
  'letters_dropped',
  'letter_bytes',
  'waiting',
  'waiting_bytes',
  'duplicate',
  'bot',
  'prefetch',
  'vetoed',
  'purged',
] as const

export type Sum = (typeof SUMS)[number]

const MIGRATIONS = [
  `
  CREATE TABLE lane (
    id INTEGER PRIMARY KEY,
    -- JSON: [pixel id, test event code or null]
    key TEXT NOT NULL UNIQUE,
    -- JSON of a LaneHold, or nothing
    hold TEXT,
    ${SUMS.map((sum) => `${sum} INTEGER NOT NULL DEFAULT 0`).join(',\n    ')}
  ) STRICT;

  CREATE TABLE chunk (
    id INTEGER PRIMARY KEY,
    lane INTEGER NOT NULL,
    events INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    crc INTEGER NOT NULL,
    -- JSON: what is known of each event without parsing it (chunk.ts)
    facts BLOB NOT NULL,
    -- the events' JSON texts, one a line
    body BLOB NOT NULL
  ) STRICT;

  CREATE TABLE letter (
    id INTEGER PRIMARY KEY,
    pixel_id TEXT NOT NULL,
    cause TEXT NOT NULL,
    died_at INTEGER NOT NULL,
    -- JSON of a DeadLetter without id and json, with deadlineMs
    facts TEXT NOT NULL,
    body TEXT NOT NULL
  ) STRICT;

  -- hashes of (pixel, event_name, event_id), 8 bytes each, as they came
  CREATE TABLE seen (
    id INTEGER PRIMARY KEY,
    bucket INTEGER NOT NULL,
    hashes BLOB NOT NULL
  ) STRICT;

  CREATE TABLE probe (id INTEGER PRIMARY KEY, at INTEGER NOT NULL) STRICT;

  -- after the tables, as VACUUM does it too: then every file has them at the same places (transplant-header.ts)
  CREATE INDEX chunk_of_lane ON chunk (lane);
  `,
]

/** No schema version will ever be as high; a file that says so has been damaged. */
const ABSURD_VERSION = 1_000

/**
 * That the file is one of ours, or new. Asked before anything in it is changed.
 *
 * @throws QueueUnavailableError when the file is another program's, or a newer version of this one wrote it
 * @throws DamageError when it is ours, but its header is not what was written
 */
export function assertOurs(db: Database): void {
  const version = pragma(db, 'user_version')
  const tables = db.prepare(`SELECT count(*) AS found, total(name = 'chunk') AS ours FROM sqlite_schema`).get()
  if (tables?.['found'] !== 0 && (version === 0 || pragma(db, 'application_id') !== APPLICATION_ID)) {
    if (tables?.['ours'] === 1) throw new DamageError('The header of the file is damaged.')
    throw new QueueUnavailableError('The file is a database of another program. Give the queue a file of its own.')
  }
  if (version >= ABSURD_VERSION) throw new DamageError('The header of the file is damaged.')
  if (version > MIGRATIONS.length) {
    throw new QueueUnavailableError(
      `The file was written by a newer version of this program (schema ${version}, this one knows ${MIGRATIONS.length}).`,
    )
  }
}

/** Brings a file of ours to the newest schema; a new file gets all of it. */
export function migrate(db: Database): void {
  const version = pragma(db, 'user_version')
  for (const [index, migration] of MIGRATIONS.entries()) {
    if (index < version) continue
    db.exec(`
      BEGIN IMMEDIATE;
      ${migration}
      PRAGMA application_id = ${APPLICATION_ID};
      PRAGMA user_version = ${index + 1};
      COMMIT;
    `)
  }
}

/** The value of a pragma that is a number. */
export function pragma(db: Database, name: string): number {
  return db.prepare(`SELECT ${name} AS value FROM pragma_${name}`).get()?.['value'] as number
}
