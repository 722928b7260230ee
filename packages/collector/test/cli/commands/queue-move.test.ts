import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPostgres, type TestPostgres } from '@pixel-mirror/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { queueMove } from '../../../src/cli/commands/queue-move.js'
import { QueueInUseError } from '../../../src/errors.js'
import { EXIT_CODE } from '../../../src/process/exit-code.js'
import { openQueue } from '../../../src/queue/open-queue.js'
import type { Queue } from '../../../src/queue/queue.js'
import { reportOn } from '../../../src/queue-report.js'
import { someEvents } from '../../queue/queue-contract.js'

const SILENT = { info() {}, warn() {}, error() {} }
/** That of `someEvents()`. */
const NOW = Date.UTC(2026, 0, 15, 12)

let server: TestPostgres
let folder: string
let file: string
let database: string
let runs = 0

beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server?.stop())
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pixel-mirror-move-'))
  file = `sqlite:${join(folder, 'queue.db')}`
  database = `${server.url}/postgres?schema=move_${runs++}`
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const open = (url: string) =>
  openQueue(url, { maxBytes: 50_000_000, now: () => NOW, log: SILENT, observe: () => undefined })

async function withQueue<Value>(url: string, work: (queue: Queue) => Promise<Value>): Promise<Value> {
  const queue = await open(url)
  try {
    return await work(queue)
  } finally {
    await queue.close()
  }
}

async function move(from: string, to: string, ...switches: string[]) {
  const written: string[] = []
  const output = { write: (text: string) => written.push(text) }
  const code = await queueMove.run(
    { positionals: [], values: { from, to }, switches: new Set(switches) },
    { env: {}, stdout: output, stderr: output },
  )
  return { code, output: written.join('') }
}

describe('pixel-mirror queue move', () => {
  it('moves from SQLite to PostgreSQL and back; the books of both balance', async () => {
    await withQueue(file, (queue) => queue.append(someEvents(1_200)))

    const there = await move(file, database)
    const inDatabase = await withQueue(database, reportOn)
    const back = await move(database, `sqlite:${join(folder, 'other.db')}`, 'json')

    expect(there.output).toMatch(/1,200 events moved in .*\nThe books of both balance\.\n/)
    expect(inDatabase.books).toMatchObject([{ received: 1_200, waiting: 1_200, gap: 0 }])
    expect((await withQueue(file, reportOn)).books).toMatchObject([{ dropped: { purged: 1_200 }, waiting: 0, gap: 0 }])
    expect(JSON.parse(back.output)).toEqual({ moved: 1_200, known: 0, left: 0, deadLetters: 0, balanced: true })
    expect([there.code, back.code]).toEqual([EXIT_CODE.ok, EXIT_CODE.ok])
  })

  it.each([
    ['SQLite', () => file, () => database],
    ['PostgreSQL', () => database, () => file],
  ])('refuses while a collector uses the source, on %s', async (_, from, to) => {
    await withQueue(from(), async (queue) => {
      await queue.append(someEvents(1))

      await expect(move(from(), to())).rejects.toThrow(QueueInUseError)

      expect((await queue.status()).waitingEvents).toBe(1)
    })
  })

  it('fills a PostgreSQL that collectors use already', async () => {
    await withQueue(file, (queue) => queue.append(someEvents(3)))

    await withQueue(database, async (queue) => {
      const { code } = await move(file, database)

      expect(code).toBe(EXIT_CODE.ok)
      expect((await queue.status()).waitingEvents).toBe(3)
    })
  })

  it.each([
    ['there is no such file', () => ['sqlite:/nowhere/queue.db', database] as const, /There is no queue at/],
    ['both are the same', () => [database, database] as const, /Both are the same/],
  ])('explains when %s', async (_, urls, message) => {
    const { code, output } = await move(...urls())

    expect(code).toBe(EXIT_CODE.usage)
    expect(output).toMatch(message)
  })
})
