import {
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { gap, laneName } from '../../../src/queue/queue.js'
import type { LaneKey, LeasedEvent, QueuedEvent } from '../../../src/queue/queue.js'
import { StoreFailure } from '../../../src/queue/sqlite/keeper.js'
import { someEvents } from '../queue-contract.js'
import {
  copyFolder,
  drain,
  driver,
  flat,
  newFolder,
  openInProcess,
  REFUSED,
  removeFolders,
  reopenDamaged,
  START_MS,
  World,
} from './queue-in-process.js'

/** How many files are damaged at random. */
const DAMAGED_FILES = Number(process.env['DAMAGED_FILES'] ?? 40)

const LANES: LaneKey[] = [
  { pixelId: '1000000000000001' },
  { pixelId: '1000000000000002' },
  { pixelId: '1000000000000001', testEventCode: 'TEST1' },
]

/** A queue file with several hundred pages, and what is in it. */
interface Filled {
  folder: string
  waiting: Map<string, LaneKey>
}

/** Fills a queue with some of everything: waiting events, delivered ones, dead letters. */
function fill(): Filled {
  const folder = newFolder()
  const world = new World()
  const queue = openInProcess(folder, world)
  const waiting = new Map<string, LaneKey>()

  const append = (events: QueuedEvent[]) => queue.append(flat(events), [['1000000000000001', 'bot', 1]], 0, world.nowMs)
  const event = (lane: LaneKey, count: number) =>
    someEvents(count, { lane }).map((one) => ({
      ...one,
      json: JSON.stringify({ id: one.eventId, filler: 'é'.repeat(300) }),
    }))

  append(LANES.flatMap((lane) => event(lane, 30)))
  for (const lane of LANES) drain(queue, lane, world, undefined, { kind: 'dead', reason: REFUSED })
  append(LANES.flatMap((lane) => event(lane, 10)))
  for (const lane of LANES) drain(queue, lane, world)
  for (let commit = 0; commit < 40; commit++) {
    const events = LANES.flatMap((lane) => event(lane, (commit % 7) + 1))
    append(events)
    for (const { json, lane } of events) waiting.set(json, lane)
  }
  queue.close()
  return { folder, waiting }
}

describe('a damaged queue file', () => {
  let filled: Filled

  beforeAll(() => {
    filled = fill()
  })
  afterAll(removeFolders)

  const pathIn = (folder: string) => join(folder, 'queue.db')

  function overwrite(path: string, at: number, bytes: Uint8Array): void {
    const file = openSync(path, 'r+')
    writeSync(file, bytes, 0, bytes.length, at)
    closeSync(file)
  }

  /** Opens a damaged copy, reads everything, and checks what must hold whatever the damage was. */
  function survive(damage: (path: string) => void): { world: World; saved: number; folder: string } {
    const folder = copyFolder(filled.folder)
    damage(pathIn(folder))
    const world = new World()

    let queue = openInProcess(folder, world)
    const left = new Map(filled.waiting)
    const take = (lane: LaneKey, { json }: LeasedEvent) => {
      // Again is allowed: what was sent and could not be settled is offered again.
      expect(laneName(filled.waiting.get(json) ?? { pixelId: 'none' })).toBe(laneName(lane))
      left.delete(json)
    }
    for (let repairs = 0; queue.status(world.nowMs).waitingEvents > 0 && repairs < 5; repairs++) {
      try {
        for (const { lane } of queue.lanes(world.nowMs)) drain(queue, lane, world, (event) => take(lane, event))
      } catch (error) {
        // Damage that shows only now.
        if (!(error instanceof StoreFailure)) throw error
        queue = reopenDamaged(folder, world, {}, error.message)
      }
    }

    expect(queue.books(world.nowMs).map(gap)).toEqual(queue.books(world.nowMs).map(() => 0))
    expect(queue.status(world.nowMs).waitingEvents).toBe(0)
    const saved = filled.waiting.size - left.size
    if (left.size > 0) expect(world.codes()).toContain('queue_damaged')
    expect(queue.append(flat(someEvents(1)), [], 0, world.nowMs).duplicates).toEqual([])
    queue.close()
    return { world, saved, folder }
  }

  it('is not found where there is none', () => {
    const { world, saved } = survive(() => undefined)

    expect(world.codes()).toEqual([])
    expect(saved).toBe(filled.waiting.size)
  })

  it('never hands out what was not put in, keeps the books, and saves most', () => {
    const size = statSync(pathIn(filled.folder)).size
    const hit = fc.record({ at: fc.nat(size - 64), bytes: fc.uint8Array({ minLength: 1, maxLength: 64 }) })
    const saved: number[] = []

    fc.assert(
      fc.property(fc.array(hit, { minLength: 1, maxLength: 5 }), (hits) => {
        saved.push(survive((path) => hits.forEach(({ at, bytes }) => overwrite(path, at, bytes))).saved)
      }),
      { numRuns: DAMAGED_FILES },
    )

    // Where a table's first page is hit, all of it is lost; a few in a hundred.
    expect(saved.reduce((sum, one) => sum + one, 0)).toBeGreaterThan(0.8 * saved.length * filled.waiting.size)
  }, 120_000)

  it('is set aside under a name with the time, and what can be read is saved', () => {
    const { world, saved, folder } = survive((path) => overwrite(path, 8192 * 12, Buffer.alloc(8192 * 3, 0xaa)))

    expect(world.alarms[0]).toMatchObject({
      code: 'queue_damaged',
      message: expect.stringContaining('is now') as string,
    })
    expect(readdirSync(folder)).toContain('queue.db.damaged-2026-01-15T12-00-00.000Z')
    expect(saved).toBeGreaterThan(filled.waiting.size / 2)
  })

  it('leaves out ids that damage has emptied', () => {
    const { saved } = survive((path) => {
      const db = driver(path)
      db.exec("UPDATE seen SET hashes = x'' WHERE id = 1")
      // Books that do not balance: the file is copied row by row.
      db.exec('UPDATE lane SET received = received + 1')
      db.close()
    })

    expect(saved).toBe(filled.waiting.size)
  })

  it('is mended when its header claims a later version, which SQLite only reads', () => {
    const { world, saved } = survive((path) => overwrite(path, 18, Uint8Array.of(3)))

    expect(world.codes()).toContain('queue_damaged')
    expect(saved).toBe(filled.waiting.size)
  })

  it('never takes a row of nothing for a chunk', () => {
    const { saved } = survive((path) => {
      const db = driver(path)
      db.exec("UPDATE chunk SET events = 0, bytes = 0, received_at = 0, crc = 0, facts = x'', body = x'' WHERE id = 7")
      db.exec('UPDATE lane SET received = received + 1')
      db.close()
    })

    expect(saved).toBeLessThan(filled.waiting.size)
    expect(saved).toBeGreaterThan(0.9 * filled.waiting.size)
  })

  it('is read by the table of another file when its first page is gone', () => {
    const { saved } = survive((path) => overwrite(path, 0, Buffer.alloc(8192)))

    expect(saved).toBe(filled.waiting.size)
  })

  it.each([0.9, 0.5, 0.1])('keeps what is left when it was cut to %d of its length', (share) => {
    const { saved } = survive((path) => truncateSync(path, Math.floor(statSync(path).size * share)))

    if (share > 0.4) expect(saved).toBeGreaterThan(0)
  })

  it.each<[string, (path: string) => void]>([
    ['is empty', (path) => truncateSync(path, 0)],
    ['was never a database', (path) => writeFileSync(path, 'Hello, world! '.repeat(10_000))],
    ['is gone', (path) => rmSync(path)],
  ])('starts anew when the file %s', (_, damage) => {
    const { saved } = survive((path) => {
      damage(path)
      // As after a crash: a log is there.
      if (!existsSync(`${path}-wal`) || statSync(`${path}-wal`).size === 0)
        writeFileSync(`${path}-wal`, 'x'.repeat(5_000))
    })

    expect(saved).toBe(0)
  })

  it('goes on with a salvage that was killed at any step', () => {
    const steps: ((path: string) => void)[] = [
      (path) => writeFileSync(`${path}.salvage`, 'half done'),
      (path) => {
        copyFileSync(path, `${path}.salvaged`)
        writeFileSync(path, 'damaged')
      },
      (path) => {
        copyFileSync(path, `${path}.salvaged`)
        rmSync(path)
      },
    ]

    for (const step of steps) expect(survive(step).saved).toBe(filled.waiting.size)
  })

  it('keeps a chunk that is not what was written as a dead letter, and never sends it', () => {
    const folder = copyFolder(filled.folder)
    const db = driver(pathIn(folder))
    db.exec(
      `UPDATE chunk SET body = CAST(replace(CAST(body AS TEXT), 'é', 'e') AS BLOB) WHERE id = (SELECT min(id) FROM chunk WHERE lane = 1)`,
    )
    db.close()
    const world = new World()
    const queue = openInProcess(folder, world)

    const events = drain(queue, LANES[0]!, world)

    expect(events.every(({ json }) => filled.waiting.has(json))).toBe(true)
    const [letter] = queue.listLetters({ cause: 'corrupt' }, { limit: 10 }, world.nowMs)
    expect(letter).toMatchObject({ lane: LANES[0], kind: 'dead', diedAtMs: START_MS })
    expect(queue.replayLetters({ cause: 'corrupt' }, world.nowMs)).toMatchObject({ replayed: 0, tooOld: 1 })
    expect(queue.books(world.nowMs).map(gap)).toEqual([0, 0])
    expect(world.codes()).toEqual(['queue_damaged'])
    queue.close()
  })
})
