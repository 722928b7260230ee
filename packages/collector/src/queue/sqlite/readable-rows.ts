import type { Database, Row } from './driver.js'

/** Beyond any id. */
const END = Number.MAX_SAFE_INTEGER

/**
 * Every row of a table that a damaged file still yields, in the order of its id.
 *
 * Reads forward until it meets what cannot be read, jumps ahead in growing steps to where reading works again, and comes back
 * from there to the other edge of the hole.
 */
export function* readableRows(db: Database, table: string, columns: string): Generator<Row> {
  const read = {
    after: readOne(db, `SELECT ${columns} FROM ${table} WHERE ${table}.id > ? ORDER BY ${table}.id LIMIT 1`),
    before: readOne(db, `SELECT ${columns} FROM ${table} WHERE ${table}.id < ? ORDER BY ${table}.id DESC LIMIT 1`),
  }

  for (let last = 0; ;) {
    const row = read.after(last)
    if (row === 'none') return
    if (row !== 'unreadable') {
      yield row
      last = idOf(row)
      continue
    }
    const beyond = findReadable(last)
    yield* backwards(beyond, last)
    if (beyond === END) return
    last = beyond - 1
  }

  /** The first id beyond the hole from which reading on works. */
  function findReadable(last: number): number {
    for (let step = 1; last + step < 2 ** 45; step *= 2) {
      const row = read.after(last + step)
      if (row === 'none') return END
      if (row !== 'unreadable') return idOf(row)
    }
    return END
  }

  /** The rows between the two, as far as they can be read from behind. */
  function backwards(from: number, to: number): Row[] {
    const rows: Row[] = []
    for (let before = from; ;) {
      const row = read.before(before)
      if (row === 'none' || row === 'unreadable' || idOf(row) <= to || idOf(row) >= before) return rows.reverse()
      rows.push(row)
      before = idOf(row)
    }
  }
}

const idOf = (row: Row) => row['id'] as number

/** A statement that may fail to be prepared, too: the table's definition is on a page like any other. */
function readOne(db: Database, sql: string): (id: number) => Row | 'none' | 'unreadable' {
  return (id) => {
    try {
      return db.prepare(sql).get(id) ?? 'none'
    } catch {
      // Whatever SQLite says of it: this row, or the way to it, cannot be read.
      return 'unreadable'
    }
  }
}
