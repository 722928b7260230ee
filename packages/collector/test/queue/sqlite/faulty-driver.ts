import type { OpenDatabase } from '../../../src/queue/sqlite/driver.js'
import { driver } from './queue-in-process.js'

/** SQLite's result codes, as its drivers give them. */
export const SQLITE = { readOnly: 8, ioError: 10, full: 13 }

/** A driver that fails when it is told to, before the statement has done anything. */
export interface FaultyDriver {
  open: OpenDatabase
  /** From the statement after so many others on, the next `times` that write fail. */
  fail(code: number, after?: number, times?: number): void
  /** Fails no more. @returns whether all faults have happened */
  heal(): boolean
}

export function faultyDriver(): FaultyDriver {
  let code = 0
  let countdown = 0
  let left = 0

  function check(): void {
    if (left === 0 || countdown-- > 0) return
    countdown = 0
    left--
    throw Object.assign(new Error(`A fault for the test (${code}).`), { rawCode: code })
  }

  return {
    open(path) {
      const db = driver(path)
      return {
        exec: (sql) => db.exec(sql),
        close: () => db.close(),
        prepare(sql) {
          const statement = db.prepare(sql)
          return {
            get: (...parameters) => statement.get(...parameters),
            all: (...parameters) => statement.all(...parameters),
            run(...parameters) {
              if (sql !== 'ROLLBACK') check()
              statement.run(...parameters)
            },
          }
        },
      }
    },

    fail(nextCode, after = 0, times = Infinity) {
      code = nextCode
      countdown = after
      left = times
    },

    heal() {
      const isHealed = left === 0
      left = 0
      return isHealed
    },
  }
}
