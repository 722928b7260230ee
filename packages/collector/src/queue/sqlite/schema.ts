/**
 * The tables of a queue file, and how an older file becomes a newer one.
 *
 * A migration is appended here and never changed afterwards; its place in the list is the version it leads to. Each runs in
 * one transaction with the note that it has run.
 */
import { QueueUnavailableError } from '../../errors.js'
import type { Database } from './driver.js'

/** Says in the file's header whose it is. */
const APPLICATION_ID = 0x504d7175

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
    facts TEXT NOT NULL,
    -- the events' JSON texts, one a line
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX chunk_of_lane ON chunk (lane);

  CREATE TABLE letter (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
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
  `,
]

/**
 * Brings a file to the newest schema; a new file gets all of it.
 *
 * @throws QueueUnavailableError when the file is another program's, or a newer version of this one wrote it
 */
export function migrate(db: Database): void {
  const version = pragma(db, 'user_version')
  if (version > 0 && pragma(db, 'application_id') !== APPLICATION_ID) {
    throw new QueueUnavailableError('The file is a database of another program.')
  }
  if (version > MIGRATIONS.length) {
    throw new QueueUnavailableError(
      `The file was written by a newer version (schema ${version}, this version knows ${MIGRATIONS.length}).`,
    )
  }
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
