import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { natsMissing, startNats } from '@pixel-mirror/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { moveQueue } from '../../../src/cli/move-queue.js'
import { openQueue } from '../../../src/queue/open-queue.js'
import { gap, type Queue } from '../../../src/queue/queue.js'
import { someEvents } from '../queue-contract.js'

const NOW = Date.UTC(2026, 0, 15, 12)
const SHOP = { pixelId: '1000000000000001' }
const BLOG = { pixelId: '1000000000000002', testEventCode: 'TEST1' }
const ALL = { maxEvents: 10_000, maxBytes: 10_000_000 }
const SILENT = { info() {}, warn() {}, error() {} }
const missing = natsMissing()

async function open(url: string): Promise<Queue> {
  const queue = await openQueue(url, {
    maxBytes: 5e7,
    now: () => NOW,
    log: SILENT,
    observe: () => undefined,
    alone: true,
  })
  onTestFinished(() => queue.close())
  return queue
}

async function pages(queue: Queue) {
  const { pixels } = await queue.books()
  expect(pixels.map(gap)).toEqual(pixels.map(() => 0))
  return pixels.sort((one, other) => one.pixelId.localeCompare(other.pixelId))
}

describe.skipIf(missing)(`moving a queue to NATS JetStream and back${missing ? ` (${missing})` : ''}`, () => {
  it('brings every event over once, in order, and the books of all three balance', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pixel-mirror-moving-'))
    const brokers = await startNats()
    onTestFinished(async () => {
      await brokers.stop()
      await rm(folder, { recursive: true, force: true })
    })
    const [old, nats, fresh] = [
      await open(`sqlite:${join(folder, 'old.db')}`),
      await open(`${brokers.url}`),
      await open(`sqlite:${join(folder, 'fresh.db')}`),
    ]
    const [shop, blog] = [someEvents(2_500), someEvents(3, { lane: BLOG })]
    await old.append([...shop, ...blog])
    const before = await pages(old)

    const there = await moveQueue({ from: old, to: nats })
    const between = await pages(nats)
    const back = await moveQueue({ from: nats, to: fresh })

    expect([there, back]).toMatchObject([
      { moved: 2_503, known: 0 },
      { moved: 2_503, known: 0 },
    ])
    expect(between).toEqual(before)
    expect(await pages(fresh)).toEqual(before)
    for (const left of [old, nats]) {
      expect(await pages(left)).toMatchObject([
        { received: 2_500, dropped: { purged: 2_500 }, waiting: 0 },
        { received: 3, dropped: { purged: 3 }, waiting: 0 },
      ])
    }
    for (const [lane, events] of [
      [SHOP, shop],
      [BLOG, blog],
    ] as const) {
      expect((await fresh.lease(lane, ALL))?.events.map(({ json }) => json)).toEqual(events.map(({ json }) => json))
    }
  }, 120_000)
})
