/** The little of SQLite that the history needs; `node:sqlite` and `libsql` both have it. */
export interface SqliteDatabase {
  exec(sql: string): unknown
  prepare(sql: string): SqliteStatement
  close(): unknown
}

export interface SqliteStatement {
  run(...values: (string | number | null)[]): unknown
  get(...values: (string | number | null)[]): unknown
  all(...values: (string | number | null)[]): unknown[]
}

/** Opens a file, or `:memory:`: by `node:sqlite` where the runtime has it, else by the prebuilt `libsql`. */
export async function openSqlite(file: string): Promise<SqliteDatabase> {
  const builtin = process.getBuiltinModule?.('node:sqlite') as
    { DatabaseSync: new (file: string) => SqliteDatabase } | undefined
  if (builtin) return new builtin.DatabaseSync(file)
  const { default: Database } = await import('libsql')
  return new Database(file)
}
