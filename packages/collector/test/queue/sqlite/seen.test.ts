import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { hashSet } from '../../../src/queue/sqlite/hash-set.js'
import { loadLanes } from '../../../src/queue/sqlite/lanes.js'
import { migrate } from '../../../src/queue/sqlite/schema.js'
import { loadSeen } from '../../../src/queue/sqlite/seen.js'
import { transactions } from '../../../src/queue/sqlite/transaction.js'
import { driver, removeFolders, START_MS } from './queue-in-process.js'

const SHOP = { pixelId: '1000000000000001' }
const HOUR_MS = 3_600_000

describe('hashSet()', () => {
  it('has what was added and nothing else', () => {
    const half = fc.oneof(fc.nat(3), fc.integer({ min: 0, max: 2 ** 32 - 1 }))
    const hash = fc.tuple(half, half).filter(([high, low]) => high !== 0 || low !== 0)

    fc.assert(
      fc.property(fc.array(hash, { maxLength: 4_000, size: 'max' }), fc.array(hash), (added, others) => {
        const set = hashSet()
        for (const [high, low] of added) set.add(high, low)
        const names = new Set(added.map(String))

        expect(set.size).toBe(names.size)
        for (const [high, low] of [...added, ...others]) expect(set.has(high, low)).toBe(names.has(String([high, low])))
      }),
      { numRuns: 20 },
    )
  })
})

describe('what was seen', () => {
  afterEach(removeFolders)

  function file() {
    const db = driver(':memory:')
    migrate(db)
    const transact = transactions(db, loadLanes(db))
    const rows = () => db.prepare('SELECT count(*) AS rows, total(length(hashes)) / 8 AS ids FROM seen').get()
    return { db, transact, rows }
  }

  it('is read again after a restart, from few rows however many commits there were', () => {
    const { db, transact, rows } = file()
    const seen = loadSeen(db)
    const ids = Array.from({ length: 1_500 }, (_, index) => `id-${index}`)

    for (const [index, id] of ids.entries()) {
      transact((transaction) => {
        const known = seen.during(transaction, START_MS + Math.floor(index / 400) * 13 * HOUR_MS)
        expect(known.isKnown(SHOP, 'Purchase', id)).toBe(false)
        known.write()
      })
    }
    expect(rows()).toMatchObject({ ids: 1_500 })
    expect(rows()?.['rows']).toBeLessThan(700)

    const again = loadSeen(db)
    expect(again.size).toBe(1_500)
    transact((transaction) => {
      const known = again.during(transaction, START_MS + 40 * HOUR_MS)
      expect(ids.filter((id) => !known.isKnown(SHOP, 'Purchase', id))).toEqual([])
    })
  })

  it('is not remembered when the transaction fails', () => {
    const { db, transact } = file()
    const seen = loadSeen(db)
    const receive = (fails: boolean) =>
      transact((transaction) => {
        const known = seen.during(transaction, START_MS)
        const answer = known.isKnown(SHOP, 'Lead', 'a')
        known.write()
        if (fails) throw new Error('as asked')
        return answer
      })

    expect(() => receive(true)).toThrow('as asked')

    expect(receive(false)).toBe(false)
    expect(receive(false)).toBe(true)
  })

  it('is forgotten on disk and in memory when it is old, and the oldest first when it is too much', () => {
    const { db, transact, rows } = file()
    const seen = loadSeen(db, 250)
    for (const day of [0, 1, 2, 3]) {
      transact((transaction) => {
        const known = seen.during(transaction, START_MS + day * 24 * HOUR_MS)
        for (let index = 0; index < 100; index++) known.isKnown(SHOP, 'Purchase', `${day}-${index}`)
        known.write()
      })
    }

    transact((transaction) => seen.forgetOld(transaction, START_MS + 3 * 24 * HOUR_MS))
    expect([seen.size, rows()?.['ids']]).toEqual([200, 200])

    transact((transaction) => seen.forgetOld(transaction, START_MS + 2 * 24 * HOUR_MS))
    expect(seen.size).toBe(200)
  })
})
