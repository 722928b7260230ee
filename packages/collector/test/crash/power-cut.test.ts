import { spawn, spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { eventually } from '@pixel-mirror/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { gap } from '../../src/queue/queue.js'
import { newFolder, openInProcess, removeFolders, World } from '../queue/sqlite/queue-in-process.js'
import { leasedEvents } from '../../src/queue/sqlite/leased-events.js'
import { straceArguments, TracedDisk, tracedCalls } from './traced-disk.js'

const POWER_CUTS = Number(process.env['POWER_CUTS'] ?? 40)
/** Enough for some checkpoints. A byte on disk is four in the trace. */
const TRACE_BYTES = 80_000_000
const LOAD = fileURLToPath(new URL('./load-queue.mjs', import.meta.url))
const hasStrace = spawnSync('strace', ['-V']).error === undefined

describe.skipIf(!hasStrace)('a power cut at any moment (needs strace)', () => {
  const root = mkdtempSync(join(tmpdir(), 'pixel-mirror-power-'))
  const folder = join(root, 'queue')
  const trace = join(root, 'trace.txt')

  /** A process under load, until it has written enough. */
  beforeAll(async () => {
    const printed = join(root, 'printed.txt')
    const file = join(folder, 'queue.db')
    mkdirSync(folder)
    const output = openSync(printed, 'w')
    const paths = [folder, file, `${file}-wal`, printed]
    const child = spawn('strace', [...straceArguments(trace, paths), process.execPath, LOAD, file, '1'], {
      stdio: ['ignore', output, 'inherit'],
    })
    const ended = new Promise((resolve) => child.once('close', resolve))
    const traced = () => statSync(trace, { throwIfNoEntry: false })?.size ?? 0
    await eventually('enough load', () => traced() > TRACE_BYTES, 240_000)
    const pid = Number(/^ready (\d+)$/m.exec(readFileSync(printed, 'utf8'))?.[1])
    process.kill(pid, 'SIGKILL')
    await ended
    closeSync(output)
  }, 300_000)

  afterAll(() => {
    rmSync(root, { recursive: true })
    removeFolders()
  })

  it(`leaves every acknowledged event on the disk, in ${POWER_CUTS} power cuts`, () => {
    const calls = [...tracedCalls(trace)]
    const ready = calls.findIndex((call) => call.call === 'print')
    const cuts = new Set(
      Array.from({ length: POWER_CUTS }, () => ready + Math.floor(Math.random() * (calls.length - ready))),
    )
    const disk = new TracedDisk(folder)
    const stored = new Set<number>()
    const sent = new Set<number>()

    for (const [index, call] of calls.entries()) {
      if (call.call === 'print') {
        for (const [, word, id] of call.text.matchAll(/^(stored|sent) (\d+)$/gm)) {
          ;(word === 'stored' ? stored : sent).add(Number(id))
        }
      } else disk.apply(call)
      if (!cuts.has(index)) continue

      const { waiting, alarms } = restart(disk.afterPowerCut(Math.random))
      const lost = [...stored].filter((id) => !sent.has(id) && !waiting.has(id))
      expect({ index, lost, alarms }).toEqual({ index, lost: [], alarms: [] })
    }
    expect(stored.size).toBeGreaterThan(100)
  }, 300_000)

  /** Opens what was found on the disk; the events that wait in it. */
  function restart(files: Map<string, Buffer>): { waiting: Set<number>; alarms: string[] } {
    const found = newFolder()
    for (const [name, bytes] of files) writeFileSync(join(found, name), bytes)
    const world = new World()
    const queue = openInProcess(found, world)
    const waiting = new Set<number>()
    for (const { lane } of queue.lanes(0)) {
      for (;;) {
        const lease = queue.lease(lane, { maxEvents: 1_000, maxBytes: 900_000 }, 0)
        if (lease === undefined) break
        for (const { json } of leasedEvents(lease.leased)) waiting.add((JSON.parse(json) as { id: number }).id)
      }
    }
    const books = queue.books(0)
    expect(books.map(gap)).toEqual(books.map(() => 0))
    expect(books.reduce((sum, page) => sum + page.waiting, 0)).toBe(waiting.size)
    queue.close()
    return { waiting, alarms: world.codes() }
  }
})
