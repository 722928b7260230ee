import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually, natsMissing, startNats, type TestNats } from '@pixel-mirror/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LeaseLostError } from '../../../src/errors.js'
import { openJetstreamQueue } from '../../../src/queue/jetstream/open-jetstream-queue.js'
import { gap, type Queue, type QueuedEvent } from '../../../src/queue/queue.js'
import { someEvent, someEvents } from '../queue-contract.js'

const SHOP = { pixelId: '1000000000000001' }
const ALL = { maxEvents: 10_000, maxBytes: 10_000_000 }
const OWNERSHIP_MS = 1_000
const SILENT = { info() {}, warn() {}, error() {} }
const missing = natsMissing()

let folder: string
let brokers: TestNats
let queue: Queue
let alarms: string[]

/** Appends as a sender would: what was refused comes again. */
const appendAtLast = (events: readonly QueuedEvent[]) =>
  eventually(
    'the broker to take events',
    () =>
      queue.append(events).then(
        () => true,
        () => false,
      ),
    60_000,
  )

/** What the broker's disk holds now, as a power cut leaves it; a later one can be put back to it. */
async function cutPower(): Promise<{ putBack(): Promise<void> }> {
  const data = join(folder, 'broker-1', 'data')
  const kept = join(folder, 'kept')
  await brokers.brokers[0]!.kill()
  await cp(data, kept, { recursive: true })
  await brokers.brokers[0]!.start()
  return {
    async putBack() {
      await brokers.brokers[0]!.kill()
      await rm(data, { recursive: true })
      await cp(kept, data, { recursive: true })
      await brokers.brokers[0]!.start()
    },
  }
}

describe.skipIf(missing)(`a log whose end the broker has lost${missing ? ` (${missing})` : ''}`, () => {
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pixel-mirror-log-end-'))
    brokers = await startNats({ folder })
    alarms = []
    queue = await openJetstreamQueue(`${brokers.url}`, {
      maxBytes: 50_000_000,
      now: Date.now,
      log: SILENT,
      observe: (event) => event.kind === 'alarm' && alarms.push(event.code),
      ownershipMs: OWNERSHIP_MS,
    })
  })
  afterEach(async () => {
    await queue?.close()
    await brokers?.stop()
  })

  it.each([
    ['shorter than what the collector had read', 0],
    ['longer again, before the collector came back', 40],
  ])(
    'is read afresh, when it is %s: what is taken from then on is delivered',
    async (_, others) => {
      const before = someEvents(3)
      await queue.append(before)
      const power = await cutPower()
      await appendAtLast(someEvents(3))
      const lease = await eventually('a lease', () => queue.lease(SHOP, ALL).catch(() => undefined))

      await power.putBack()
      const taken: QueuedEvent[] = []
      if (others > 0) {
        const other = await openJetstreamQueue(`${brokers.url}`, {
          maxBytes: 50_000_000,
          now: Date.now,
          log: SILENT,
          observe: () => undefined,
          ownershipMs: OWNERSHIP_MS,
        })
        for (let round = 0; round < others; round++) {
          const event = someEvent()
          await other.append([event])
          taken.push(event)
        }
        await other.close()
      }
      await eventually('the alarm', () => alarms.includes('queue_damaged'), 60_000)
      const after = someEvents(3)
      await appendAtLast(after)

      await expect(queue.settle(lease, [])).rejects.toThrow(LeaseLostError)
      const all = [...before, ...taken, ...after]
      const fresh = await eventually('the lane', () => queue.lease(SHOP, ALL).catch(() => undefined), 60_000)
      expect(fresh.events.map(({ json }) => json)).toEqual(all.map(({ json }) => json))
      const { pixels } = await queue.books()
      expect(pixels).toMatchObject([{ received: all.length, waiting: all.length }])
      expect(pixels.map(gap)).toEqual([0])
    },
    120_000,
  )
})
