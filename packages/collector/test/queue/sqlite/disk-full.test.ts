import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from '@pixel-mirror/testing'
import pino from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { QueueFullError, QueueUnavailableError } from '../../../src/errors.js'
import type { Happening } from '../../../src/observer.js'
import type { Queue } from '../../../src/queue/queue.js'
import { gap } from '../../../src/queue/queue.js'
import { openSqliteQueue } from '../../../src/queue/sqlite/sqlite-queue.js'
import { drain, fill } from '../fill-and-drain.js'
import { someEvent, someEvents } from '../queue-contract.js'

const SHOP = { pixelId: '1000000000000001' }
const MEGABYTE = 1024 * 1024

const mount = (...args: string[]) => spawnSync('mount', args).status === 0

/** Whether a small disk can be made here: that takes root. */
const canMount = (() => {
  const folder = mkdtempSync(join(tmpdir(), 'pixel-mirror-mount-'))
  const works = mount('-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder)
  if (works) spawnSync('umount', [folder])
  rmdirSync(folder)
  return works
})()

describe.skipIf(!canMount)('a small disk (needs root)', () => {
  let disk: string
  let happenings: Happening[]
  const opened: Queue[] = []

  beforeAll(() => {
    disk = mkdtempSync(join(tmpdir(), 'pixel-mirror-disk-'))
  })
  beforeEach(() => {
    expect(mount('-t', 'tmpfs', '-o', 'size=40m', 'tmpfs', disk)).toBe(true)
    happenings = []
  })
  afterEach(async () => {
    for (const queue of opened.splice(0)) await queue.close()
    expect(spawnSync('umount', [disk]).status).toBe(0)
  })
  afterAll(() => rmdirSync(disk))

  async function open(): Promise<Queue> {
    const observe = (happening: Happening) => void happenings.push(happening)
    const options = { maxBytes: 1e9, log: pino({ enabled: false }), observe, now: Date.now }
    const queue = await openSqliteQueue(`sqlite:${join(disk, 'queue.db')}`, options, { ballastBytes: 12 * MEGABYTE })
    opened.push(queue)
    return queue
  }

  async function close(queue: Queue): Promise<void> {
    opened.splice(opened.indexOf(queue), 1)
    await queue.close()
  }

  const event = () => someEvent({ json: JSON.stringify({ id: crypto.randomUUID(), filler: 'x'.repeat(2_000) }) })

  const takesAgain = (queue: Queue) =>
    eventually('the queue to take events again', () =>
      queue.append(someEvents(1)).then(
        () => true,
        () => false,
      ),
    )

  it('refuses by name when it is full, loses nothing, empties and takes again', async () => {
    const queue = await open()

    const acknowledged = await fill(queue, event)

    expect(acknowledged.length).toBeGreaterThan(1_000)
    expect((await queue.status()).refusing).toBe('disk_full')
    expect(happenings).toContainEqual(expect.objectContaining({ kind: 'alarm', code: 'queue_refusing' }))
    await expect(queue.append([event()])).rejects.toThrow(QueueFullError)
    expect(await drain(queue, SHOP)).toEqual(acknowledged)
    await takesAgain(queue)
    expect((await queue.status()).refusing).toBeUndefined()
    expect((await queue.books()).pixels.map(gap)).toEqual([0])
  }, 60_000)

  it('empties also when somebody else has filled the disk, and takes again when he has gone', async () => {
    const queue = await open()
    const events = Array.from({ length: 2_000 }, event)
    await queue.append(events)
    const junk = join(disk, 'junk')
    expect(() => writeFileSync(junk, Buffer.alloc(100 * MEGABYTE))).toThrow(/ENOSPC/)

    const acknowledged = [...events.map(({ json }) => json), ...(await fill(queue, event))]
    expect(await drain(queue, SHOP)).toEqual(acknowledged)
    rmSync(junk)
    await takesAgain(queue)
  }, 60_000)

  it('starts on a full disk, and empties', async () => {
    const first = await open()
    const acknowledged = await fill(first, event)
    await close(first)

    const second = await open()

    expect(await drain(second, SHOP)).toEqual(acknowledged)
    await takesAgain(second)
  }, 60_000)

  it('refuses to start on a read-only disk, and starts when it can be written', async () => {
    const first = await open()
    const events = someEvents(10)
    await first.append(events)
    await close(first)
    expect(mount('-o', 'remount,ro', disk)).toBe(true)

    await expect(open()).rejects.toThrow(QueueUnavailableError)

    expect(mount('-o', 'remount,rw', disk)).toBe(true)
    expect(await drain(await open(), SHOP)).toEqual(events.map(({ json }) => json))
  }, 60_000)

  it('says that tmpfs is no place for a queue', async () => {
    await open()

    const said = expect.stringContaining('tmpfs') as string
    expect(happenings).toContainEqual(expect.objectContaining({ code: 'queue_on_unsafe_disk', message: said }))
  })
})
