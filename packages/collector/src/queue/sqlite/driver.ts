/**
 * SQLite, whichever the runtime offers: `node:sqlite` where it is there and new enough, else the prebuilt `libsql`.
 *
 * Before 3.51.3 SQLite could corrupt a file that two connections checkpoint at once (https://sqlite.org/wal.html#walresetbug).
 * libsql carries 3.45.1; it is safe here because a queue file has one connection in all, whose lock keeps out every other.
 */
import { isBuiltin } from 'node:module'
import type Libsql from 'libsql'

/** The few things the queue asks of SQLite. Everything is synchronous: only the queue's own thread calls it. */
export interface Database {
  exec(sql: string): void
  prepare(sql: string): Statement
  close(): void
}

export interface Statement {
  run(...parameters: Value[]): void
  get(...parameters: Value[]): Row | undefined
  all(...parameters: Value[]): Row[]
}

export type Value = string | number | null | Uint8Array
export type Row = Record<string, Value>

export type OpenDatabase = (path: string) => Database

const OLDEST_NODE_SQLITE = [3, 51, 3]

/** Loads a driver. The result opens (and creates) files. */
export async function loadDriver(): Promise<OpenDatabase> {
  if (isBuiltin('node:sqlite') && isAtLeast(process.versions['sqlite'], OLDEST_NODE_SQLITE)) {
    // A name the compiler does not look up: the types of Node 20 do not know it yet.
    const name: string = 'node:sqlite'
    const { DatabaseSync } = (await import(name)) as { DatabaseSync: new (path: string) => Database }
    return (path) => new DatabaseSync(path)
  }
  const { default: Libsql } = await import('libsql')
  return (path) => evenedOut(new Libsql(path))
}

/**
 * libsql in the same words. Parameters go in one array: of a single object, also a Buffer or null, it believes it to be named
 * parameters, and aborts the process. Blobs of `all()` arrive as bare ArrayBuffers.
 */
function evenedOut(db: Libsql.Database): Database {
  return {
    exec: (sql) => void db.exec(sql),
    prepare(sql) {
      const statement = db.prepare<[Value[]]>(sql)
      return {
        run: (...parameters) => void statement.run(parameters),
        get: (...parameters) => statement.get(parameters) as Row | undefined,
        all: (...parameters) => (statement.all(parameters) as Row[]).map(withBytes),
      }
    },
    close: () => void db.close(),
  }
}

function withBytes(row: Row): Row {
  for (const [column, value] of Object.entries(row) as [string, unknown][]) {
    if (value instanceof ArrayBuffer) row[column] = new Uint8Array(value)
  }
  return row
}

/** SQLite's result code of an error that a driver threw, the extended one; `undefined` for errors that are not SQLite's. */
export function sqliteCode(error: unknown): number | undefined {
  const { rawCode, errcode } = error as { rawCode?: number; errcode?: number }
  return rawCode ?? errcode
}

function isAtLeast(version = '0', oldest: readonly number[]): boolean {
  const parts = version.split('.').map(Number)
  const different = oldest.findIndex((part, index) => part !== parts[index])
  return different === -1 || (parts[different] ?? 0) > (oldest[different] ?? 0)
}
