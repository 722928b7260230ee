import { chmodSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { QueueInUseError, QueueUnavailableError, SettingsError } from '../../../src/errors.js'
import { gap } from '../../../src/queue/queue.js'
import type { QueuedEvent } from '../../../src/queue/queue.js'
import { crc32, crc32ByTable } from '../../../src/queue/sqlite/crc32.js'
import { leasedEvents } from '../../../src/queue/sqlite/leased-events.js'
import type { Operations } from '../../../src/queue/sqlite/operations.js'
import { pragma } from '../../../src/queue/sqlite/schema.js'
import type { Fate } from '../../../src/queue/sqlite/settle.js'
import { sqlitePath } from '../../../src/queue/sqlite/sqlite-url.js'
import { someEvents } from '../queue-contract.js'
import { faultyDriver, SQLITE } from './faulty-driver.js'
import {
  copyFolder,
  drain,
  driver,
  flat,
  LIMIT,
  newFolder,
  openInProcess,
  REFUSED,
  removeFolders,
  World,
} from './queue-in-process.js'

const SHOP = { pixelId: '1000000000000001' }
const TEST = { ...SHOP, testEventCode: 'TEST1' }
const DAY_MS = 24 * 3_600_000

afterEach(removeFolders)

function append(queue: Operations, world: World, count: number, overrides: Partial<QueuedEvent> = {}) {
  const events = someEvents(count, overrides)
  queue.append(flat(events), [], 0, world.nowMs)
  return events.map(({ json }) => json)
}

describe('settling', () => {
  it('deletes whole chunks only where all of them was delivered', () => {
    const world = new World()
    const queue = openInProcess(newFolder(), world)
    const jsons = [3, 3, 3, 3].flatMap((count) => append(queue, world, count))
    const { leaseId } = queue.lease(SHOP, LIMIT, world.nowMs)!
    const fates: Fate[] = jsons.map((_, index) => (index === 4 ? 'free' : 'delivered'))

    queue.settle(leaseId, fates, world.nowMs)

    expect(drain(queue, SHOP, world).map(({ json }) => json)).toEqual([jsons[4]])
  })

  it('writes nothing for events that become free', () => {
    const world = new World()
    const faults = faultyDriver()
    const queue = openInProcess(newFolder(), world, { open: faults.open })
    append(queue, world, 300)
    const { leaseId } = queue.lease(SHOP, LIMIT, world.nowMs)!

    // BEGIN and COMMIT are allowed, nothing between them.
    faults.fail(SQLITE.ioError, 2)
    expect(queue.settle(leaseId, 'free', world.nowMs)).toBe('freed')
  })

  it('can be asked again when the disk was full', () => {
    const world = new World()
    const faults = faultyDriver()
    const queue = openInProcess(newFolder(), world, { open: faults.open })
    append(queue, world, 3)
    const { leaseId } = queue.lease(SHOP, LIMIT, world.nowMs)!

    faults.fail(SQLITE.full)
    expect(() => queue.settle(leaseId, 'delivered', world.nowMs)).toThrow()
    faults.heal()

    expect(queue.settle(leaseId, 'delivered', world.nowMs)).toBe('gone')
    expect(queue.status(world.nowMs).waitingEvents).toBe(0)
  })
})

describe('a lease', () => {
  it('fills the thousand events of a request exactly where much waits', () => {
    const world = new World()
    const queue = openInProcess(newFolder(), world)
    append(queue, world, 4_000)

    const sizes = []
    for (let left = 4_000; left > 0; left -= sizes.at(-1)!) {
      sizes.push(leasedEvents(queue.lease(SHOP, LIMIT, world.nowMs)!.leased).length)
    }

    expect(sizes).toEqual([1_000, 1_000, 1_000, 1_000])
  })
})

describe('a full disk', () => {
  it('is said once, gives up the ballast, and is over when the ballast fits again', () => {
    const world = new World()
    const faults = faultyDriver()
    const folder = newFolder()
    const queue = openInProcess(folder, world, { open: faults.open })
    const ballast = () => existsSync(join(folder, 'queue.db.ballast'))
    expect(ballast()).toBe(true)

    faults.fail(SQLITE.full)
    for (let attempt = 0; attempt < 3; attempt++) expect(() => append(queue, world, 1)).toThrow('full')
    expect([ballast(), queue.status(world.nowMs).refusing, world.codes()]).toEqual([
      false,
      'disk_full',
      ['queue_refusing'],
    ])

    faults.heal()
    expect(() => append(queue, world, 1)).toThrow('full')
    world.pass(1_000)
    append(queue, world, 1)

    expect([ballast(), queue.status(world.nowMs).refusing]).toEqual([true, undefined])
    expect(world.notes).toEqual(['The queue takes events again.'])
  })

  it('lets what only makes room go on, with the ballast given up', () => {
    const world = new World()
    const faults = faultyDriver()
    const queue = openInProcess(newFolder(), world, { open: faults.open })
    append(queue, world, 3)
    const { leaseId } = queue.lease(SHOP, LIMIT, world.nowMs)!

    faults.fail(SQLITE.full, 0, 1)

    expect(queue.settle(leaseId, 'delivered', world.nowMs)).toBe('gone')
  })
})

describe('the bound', () => {
  it('counts what is in the file, not what the file once held', () => {
    const world = new World()
    const queue = openInProcess(newFolder(), world, { maxBytes: 3_000_000 })
    const fill = () => {
      for (let taken = 0; ; taken += 100) {
        const events = flat(someEvents(100, { json: JSON.stringify('x'.repeat(1_000)) }))
        try {
          queue.append(events, [], 110_000, world.nowMs)
        } catch {
          return taken
        }
      }
    }

    const [first] = [fill(), drain(queue, SHOP, world)]
    expect(queue.status(world.nowMs)).not.toHaveProperty('refusing')

    expect(fill()).toBeGreaterThan(0.9 * first)
    expect(world.codes()).toEqual(['queue_refusing', 'queue_refusing'])
  })
})

describe('maintenance', () => {
  it('gives the disk back what a great backlog took', () => {
    const world = new World()
    const folder = newFolder()
    const queue = openInProcess(folder, world)
    for (let commit = 0; commit < 80; commit++) {
      append(queue, world, 100, { json: JSON.stringify('x'.repeat(10_000)) })
    }
    drain(queue, SHOP, world)
    const before = statSync(join(folder, 'queue.db')).size

    world.pass(60_000)
    queue.probe(world.nowMs)
    queue.close()

    expect(before).toBeGreaterThan(64 * 1024 * 1024)
    expect(statSync(join(folder, 'queue.db')).size).toBeLessThan(1024 * 1024)
  })

  it('keeps the tables where every queue file has them, so that a damaged header can be replaced', () => {
    const roots = (folder: string) => {
      const db = driver(join(copyFolder(folder), 'queue.db'))
      return db.prepare('SELECT name, rootpage FROM sqlite_schema ORDER BY rootpage').all()
    }
    const world = new World()
    const [fresh, used] = [newFolder(), newFolder()]
    openInProcess(fresh, world).close()
    const queue = openInProcess(used, world)
    append(queue, world, 300)
    queue.close()
    const db = driver(join(copyFolder(used), 'queue.db'))
    db.exec('VACUUM')
    const vacuumed = db.prepare('SELECT name, rootpage FROM sqlite_schema ORDER BY rootpage').all()

    expect(roots(used)).toEqual(roots(fresh))
    expect(vacuumed).toEqual(roots(fresh))
  })

  it('adds the sums of a test lane that is empty to its pixel', () => {
    const world = new World()
    const folder = newFolder()
    const queue = openInProcess(folder, world)
    append(queue, world, 3)
    append(queue, world, 2, { lane: TEST })
    append(queue, world, 4, { lane: { ...SHOP, testEventCode: 'TEST2' } })
    drain(queue, TEST, world)
    const before = queue.books(world.nowMs)

    world.pass(60_000)
    queue.probe(world.nowMs)

    expect(queue.books(world.nowMs)).toEqual(before)
    queue.close()
    const again = openInProcess(copyFolder(folder), world)
    expect(again.books(world.nowMs)).toEqual(before)
    expect(again.lanes(world.nowMs).map(({ lane }) => lane.testEventCode)).toEqual([undefined, 'TEST2'])
    append(again, world, 1, { lane: TEST })
    expect(again.books(world.nowMs).map(gap)).toEqual([0])
  })

  it('keeps a test lane that is empty as long as it has dead letters', () => {
    const world = new World()
    const folder = newFolder()
    const queue = openInProcess(folder, world)
    append(queue, world, 2, { lane: TEST })
    drain(queue, TEST, world, undefined, { kind: 'dead', reason: REFUSED })
    world.pass(60_000)
    queue.probe(world.nowMs)

    expect(queue.dropLetters({}, world.nowMs)).toBe(2)
    queue.close()

    const again = openInProcess(copyFolder(folder), world)
    expect(again.books(world.nowMs)).toMatchObject([{ received: 2, dead: 2, lettersDropped: 2 }])
    expect(world.alarms).toEqual([])
  })

  it('forgets dead letters after thirty days, and the oldest when they are too much, and counts them', () => {
    const world = new World()
    const queue = openInProcess(newFolder(), world, { maxBytes: 5_000_000 })
    const bury = (size: number) => {
      append(queue, world, 10, { json: JSON.stringify('x'.repeat(size)) })
      drain(queue, SHOP, world, undefined, { kind: 'dead', reason: REFUSED })
    }
    const maintain = () => {
      world.pass(60_000)
      queue.probe(world.nowMs)
      const [page] = queue.books(world.nowMs)
      return [queue.status(world.nowMs).deadLetters, page!.lettersDropped]
    }
    bury(10)
    world.pass(29 * DAY_MS)
    bury(10)

    expect(maintain()).toEqual([20, 0])
    world.pass(2 * DAY_MS)
    expect(maintain()).toEqual([10, 10])
    for (let more = 0; more < 15; more++) bury(10_000)
    expect(maintain()).toEqual([expect.toSatisfy((left: number) => left > 90 && left < 110), expect.any(Number)])
    expect(queue.books(world.nowMs).map(gap)).toEqual([0])
  })
})

describe('the file', () => {
  it('can be read by its owner alone', () => {
    const folder = join(newFolder(), 'deeper', 'data')
    const world = new World()
    openInProcess(folder, world)

    expect((statSync(folder).mode & 0o777).toString(8)).toBe('700')
    for (const name of ['queue.db', 'queue.db-wal', 'queue.db.ballast', 'queue.db.owner']) {
      expect((statSync(join(folder, name)).mode & 0o777).toString(8)).toBe('600')
    }
  })

  it('is closed to others when it was open to them', () => {
    const folder = newFolder()
    openInProcess(folder, new World()).close()
    const copy = copyFolder(folder)
    chmodSync(join(copy, 'queue.db'), 0o644)

    openInProcess(copy, new World())

    expect((statSync(join(copy, 'queue.db')).mode & 0o777).toString(8)).toBe('600')
  })

  it('is refused to a second one, who learns who has it', () => {
    const folder = newFolder()
    openInProcess(folder, new World())

    const second = () => openInProcess(folder, new World())

    expect(second).toThrow(QueueInUseError)
    expect(second).toThrow(`in use by process ${process.pid} on `)
  })

  it.each<[string, string]>([
    ['another program’s database', 'CREATE TABLE chunks (id)'],
    ['a newer version’s', 'PRAGMA user_version = 7'],
  ])('is left alone when it is %s', (_, sql) => {
    const folder = newFolder()
    if (sql.startsWith('PRAGMA')) openInProcess(folder, new World()).close()
    const other = copyFolder(folder)
    const db = driver(join(other, 'queue.db'))
    db.exec(sql)
    db.close()
    const copy = copyFolder(other)
    const world = new World()

    expect(() => openInProcess(copy, world)).toThrow(QueueUnavailableError)

    expect(world.alarms).toEqual([])
    expect(existsSync(join(copy, 'queue.db'))).toBe(true)
  })

  it('does what the promises need of SQLite', () => {
    const folder = newFolder()
    let pragmas: unknown[] = []
    openInProcess(folder, new World(), {
      open(path) {
        const db = driver(path)
        return {
          exec: (sql) => db.exec(sql),
          prepare: (sql) => db.prepare(sql),
          close() {
            const names = ['journal_mode', 'locking_mode', 'synchronous', 'wal_autocheckpoint', 'secure_delete']
            pragmas = names.map((name) => db.prepare(`PRAGMA ${name}`).get()?.[name])
            db.close()
          },
        }
      },
    }).close()

    expect(pragmas).toEqual(['wal', 'exclusive', 2, 1000, 2])
    expect(pragma(driver(':memory:'), 'user_version')).toBe(0)
  })
})

describe('a commit', () => {
  it('is synced before it returns, but for that of a batch that was delivered as a whole', () => {
    const world = new World()
    const synced: boolean[] = []
    const queue = openInProcess(newFolder(), world, {
      open(path) {
        const db = driver(path)
        return {
          exec: (sql) => db.exec(sql),
          prepare(sql) {
            const statement = db.prepare(sql)
            if (sql !== 'COMMIT') return statement
            return {
              run() {
                synced.push(db.prepare('PRAGMA synchronous').get()?.['synchronous'] === 2)
                statement.run()
              },
              get: (...parameters) => statement.get(...parameters),
              all: (...parameters) => statement.all(...parameters),
            }
          },
          close: () => db.close(),
        }
      },
    })
    const settle = (fates: Fate | Fate[]) => {
      append(queue, world, 2)
      queue.settle(queue.lease(SHOP, LIMIT, world.nowMs)!.leaseId, fates, world.nowMs)
      return synced.splice(0)
    }
    synced.splice(0)

    // The first of each two is that of the append.
    expect(settle('delivered')).toEqual([true, false])
    expect(settle(['delivered', 'delivered'])).toEqual([true, false])
    expect(settle(['delivered', { kind: 'dead', reason: REFUSED }])).toEqual([true, true])
    expect(settle('purged')).toEqual([true, true])
    expect(settle({ ambiguousSinceMs: 1 })).toEqual([true, true])
    queue.probe(world.nowMs)
    expect(synced).toEqual([true])
    queue.close()
  })
})

describe('the driver', () => {
  it('keeps every kind of value, alone or among others', () => {
    const db = driver(':memory:')
    db.exec('CREATE TABLE thing (value, other)')
    const values = ['', 'é 🛒', 0, -1, 2 ** 52, 1.5, null, new Uint8Array([0, 1, 255]), new Uint8Array(0)]

    for (const value of values) {
      db.prepare('INSERT INTO thing (value, other) VALUES (?, 1)').run(value)
      db.prepare('INSERT INTO thing (value, other) VALUES (?, ?)').run(value, null)
    }

    const bytes = (value: unknown) => (value instanceof Uint8Array ? [...value] : value)
    const rows = db.prepare('SELECT value FROM thing').all()
    expect(rows.map(({ value }) => bytes(value))).toEqual(values.flatMap((value) => [bytes(value), bytes(value)]))
    expect(
      bytes(db.prepare('SELECT value FROM thing WHERE value IS ?').get(new Uint8Array([0, 1, 255]))?.['value']),
    ).toEqual([0, 1, 255])
    expect(db.prepare('SELECT value FROM thing WHERE value = ?').get('nowhere')).toBeUndefined()
  })
})

describe('crc32()', () => {
  it.each([
    ['', 0],
    ['123456789', 0xcbf43926],
    ['é🛒', crc32(Buffer.from('é🛒'))],
  ])('of "%s" is the same by table', (text, sum) => {
    expect(crc32(text)).toBe(sum)
    expect(crc32ByTable(text)).toBe(sum)
    expect(crc32ByTable(`${text}more`)).toBe(crc32ByTable('more', crc32ByTable(text)))
  })
})

describe('sqlitePath()', () => {
  it.each([
    ['sqlite:./data/queue.db', join(process.cwd(), 'data/queue.db')],
    ['sqlite:queue.db', join(process.cwd(), 'queue.db')],
    ['sqlite:/var/lib/queue.db', '/var/lib/queue.db'],
    ['sqlite:///var/lib/queue.db', '/var/lib/queue.db'],
  ])('of %s is %s', (url, path) => {
    expect(sqlitePath(url)).toBe(path)
  })

  it.each(['sqlite:', 'sqlite::memory:', 'sqlite:./data/', 'sqlite://host/queue.db'])('is none for %s', (url) => {
    expect(() => sqlitePath(url)).toThrow(SettingsError)
  })
})

it('does not mistake a folder for a file', () => {
  const folder = newFolder()
  mkdirSync(join(folder, 'queue.db'))
  writeFileSync(join(folder, 'queue.db', 'x'), '')

  expect(() => openInProcess(folder, new World())).toThrow(QueueUnavailableError)
})
