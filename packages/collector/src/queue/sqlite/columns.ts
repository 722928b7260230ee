/**
 * The columns of a table as they are read.
 *
 * In a damaged file a value may have become of another type, or a text that is not UTF-8; libsql ends the whole process over
 * that. So every column is made what it must be by SQLite itself, and texts are read as bytes. NULL is read as nothing: 0, or
 * no bytes.
 */
export function readAs(columns: Record<string, 'INTEGER' | 'BLOB'>): string {
  return Object.entries(columns)
    .map(([name, type]) => `CAST(coalesce(${name}, '') AS ${type}) AS ${name}`)
    .join(', ')
}

/** The text that bytes stand for; what is not UTF-8 becomes replacement characters. */
export function textOf(bytes: unknown): string {
  const { buffer, byteOffset, byteLength } = bytes as Uint8Array
  return Buffer.from(buffer, byteOffset, byteLength).toString()
}
