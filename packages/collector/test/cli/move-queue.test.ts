import { describe, expect, it } from 'vitest'
import { QueueFullError } from '../../src/errors.js'
import { memoryQueue } from '../../src/queue/memory-queue.js'
import { moveQueue } from '../../src/cli/move-queue.js'
import { gap, type Queue } from '../../src/queue/queue.js'
import { someEvent, someEvents } from '../queue/queue-contract.js'

const NOW = Date.UTC(2026, 0, 15, 12)
const HOUR_MS = 3_600_000
const SHOP = { pixelId: '1000000000000001' }
const BLOG = { pixelId: '1000000000000002', testEventCode: 'TEST1' }
const ALL = { maxEvents: 10_000, maxBytes: 10_000_000 }
const HOLD = { kind: 'parked' as const, reason: 'The token is revoked.', sinceMs: NOW, untilMs: NOW + 60_000 }

const someQueue = () => memoryQueue({ now: () => NOW, maxBytes: 50_000_000 })
const jsonIn = async (queue: Queue, lane = SHOP) => (await queue.lease(lane, ALL))?.events.map(({ json }) => json)

async function pages(queue: Queue) {
  const { pixels } = await queue.books()
  expect(pixels.map(gap)).toEqual(pixels.map(() => 0))
  return pixels
}

describe('moving a queue', () => {
  it('brings every lane over in order, with its test code and what it is held for; both books balance', async () => {
    const [from, to] = [someQueue(), someQueue()]
    const [shop, blog] = [someEvents(2_500), someEvents(3, { lane: BLOG })]
    await from.append([...shop, ...blog])
    await from.hold(SHOP, HOLD)
    const steps: number[] = []

    const { moved, known } = await moveQueue({ from, to, onProgress: (step) => steps.push(step.moved) })

    expect({ moved, known }).toEqual({ moved: 2_503, known: 0 })
    expect(steps).toEqual([1_000, 2_000, 2_500, 2_503])
    expect((await to.lanes()).find(({ hold }) => hold)).toMatchObject({ lane: SHOP, hold: HOLD })
    expect(await jsonIn(to)).toEqual(shop.map(({ json }) => json))
    expect(await jsonIn(to, BLOG)).toEqual(blog.map(({ json }) => json))
    expect(await pages(from)).toMatchObject([
      { received: 2_500, dropped: { purged: 2_500 }, waiting: 0 },
      { received: 3, dropped: { purged: 3 }, waiting: 0 },
    ])
    expect(await pages(to)).toMatchObject([{ waiting: 2_500 }, { waiting: 3 }])
  })

  it('goes on after a crash between the two writes, and the target keeps each event once', async () => {
    const [from, to] = [someQueue(), someQueue()]
    const events = someEvents(5)
    await from.append(events)
    const crashed: Queue = { ...from, settle: () => Promise.reject(new Error('The process is gone.')) }
    await expect(moveQueue({ from: crashed, to })).rejects.toThrow('gone')
    const reopened = someQueue()
    await reopened.append(events)

    const { moved, known } = await moveQueue({ from: reopened, to })

    expect({ moved, known }).toEqual({ moved: 5, known: 5 })
    expect(await jsonIn(to)).toEqual(events.map(({ json }) => json))
    expect(await pages(reopened)).toMatchObject([{ waiting: 0 }])
  })

  it('leaves with the source what a full target refuses', async () => {
    const from = someQueue()
    const to = memoryQueue({ now: () => NOW, maxBytes: 10 })
    await from.append(someEvents(3))

    await expect(moveQueue({ from, to })).rejects.toThrow(QueueFullError)

    expect(await jsonIn(from)).toHaveLength(3)
  })

  it('stops between two batches when it is told to', async () => {
    const [from, to] = [someQueue(), someQueue()]
    await from.append(someEvents(1_500))
    const stop = new AbortController()

    const { moved } = await moveQueue({ from, to, signal: stop.signal, onProgress: () => stop.abort() })

    expect(moved).toBe(1_000)
    expect(await pages(from)).toMatchObject([{ waiting: 500 }])
  })

  it('does not forget that an event may have arrived: it is repeated for 47 hours from then, not longer', async () => {
    const [from, to] = [someQueue(), someQueue()]
    await from.append([someEvent()])
    const tried = (await from.lease(SHOP, ALL))!
    await from.settle(tried, [{ ref: tried.events[0]!.ref, kind: 'free', ambiguousSinceMs: NOW }])

    await moveQueue({ from, to })

    expect((await to.lease(SHOP, ALL))?.events[0]?.deadlineMs).toBe(NOW + 47 * HOUR_MS)
  })
})
