/** What several collectors promise that share one queue, whichever engine keeps it. */
import { setImmediate } from 'node:timers/promises'
import { eventually } from '@pixel-mirror/testing'
import { expect, it } from 'vitest'
import { LeaseLostError, QueueInUseError } from '../../src/errors.js'
import { gap, type Lease, type Queue } from '../../src/queue/queue.js'
import { someEvent, someEvents } from './queue-contract.js'

export const NOW = Date.UTC(2026, 0, 15, 12)
const HOUR_MS = 3_600_000
export const SHOP = { pixelId: '1000000000000001' }
export const ALL = { maxEvents: 10_000, maxBytes: 10_000_000 }

export const leaseFrom = (node: Queue) => eventually('a lease', () => node.lease(SHOP, ALL))
export const delivered = (lease: Lease) => lease.events.map(({ ref }) => ({ ref, kind: 'delivered' as const }))
export const jsonOf = (events: readonly { json: string }[]) => events.map(({ json }) => json)

/** The books of the first pixel; those of all must balance. */
export async function page(node: Queue) {
  const { pixels } = await node.books()
  expect(pixels.map(gap)).toEqual(pixels.map(() => 0))
  return pixels[0]
}

export interface NodeOptions {
  now?: () => number
  pixelIds?: readonly string[]
  alone?: boolean
  /** As a process that is stopped: it says nothing, and looks at nothing. */
  frozen?: boolean
  /** Long enough that no lane changes hands because the machine is busy. */
  steady?: boolean
}

/** @param startNode opens one more node of the test's own cluster */
export function severalNodesContract(startNode: (options?: NodeOptions) => Promise<Queue>): void {
  it('take in the same event once, whichever node it reaches', async () => {
    const [one, two] = [await startNode(), await startNode()]
    const stored: string[] = []

    for (let round = 0; round < 20; round++) {
      const events = someEvents(20)
      const answers = await Promise.all([one.append(events), two.append([...events].reverse())])
      stored.push(...answers.flatMap((answer) => answer.stored).filter((how) => how === 'stored'))
    }

    expect(stored).toHaveLength(400)
    expect(await page(one)).toMatchObject({ received: 800, waiting: 400, dropped: { duplicate: 400 } })
    expect(await page(two)).toEqual(await page(one))
  })

  it('drain a lane by one node at a time', async () => {
    const [one, two] = [await startNode(), await startNode()]
    await two.append(someEvents(3))

    const leased = await leaseFrom(one)

    expect(leased.events).toHaveLength(3)
    expect(await two.lease(SHOP, ALL)).toBeUndefined()
    await one.append([someEvent()])
    expect(await two.lease(SHOP, ALL)).toBeUndefined()
  })

  it('hear of what another node took in', async () => {
    const [one, two] = [await startNode(), await startNode()]
    const heard: unknown[] = []
    one.onWaiting((lane) => heard.push(lane))

    await two.append([someEvent()])

    await eventually('the other node to hear', () => heard.length > 0)
    expect(heard[0]).toEqual(SHOP)
  })

  it('pass a lane on when its node stops, and when its node gives no sign of life', async () => {
    const one = await startNode()
    await one.append(someEvents(3))
    await leaseFrom(one)
    await one.close()
    const frozen = await startNode({ frozen: true })
    expect(await frozen.lease(SHOP, ALL)).toMatchObject({ events: { length: 3 } })

    const two = await startNode()

    expect((await leaseFrom(two)).events).toHaveLength(3)
  })

  it('let a node that was frozen and wakes again settle nothing, and lose nothing by it', async () => {
    const frozen = await startNode({ frozen: true })
    const events = someEvents(3)
    await frozen.append(events)
    const old = await leaseFrom(frozen)
    const two = await startNode()
    const fresh = await leaseFrom(two)

    await expect(frozen.settle(old, delivered(old))).rejects.toThrow(LeaseLostError)
    expect(await page(two)).toMatchObject({ delivered: 0, waiting: 3 })

    await two.settle(fresh, delivered(fresh))
    expect(jsonOf(fresh.events)).toEqual(jsonOf(events))
    expect(await page(two)).toMatchObject({ delivered: 3, waiting: 0 })
  })

  it("know who has a lane, and each event again, when a node's own clock is an hour wrong", async () => {
    const right = await startNode({ steady: true })
    const ahead = await startNode({ steady: true, now: () => NOW + HOUR_MS })
    const behind = await startNode({ steady: true, now: () => NOW - HOUR_MS })
    const events = someEvents(3)
    await ahead.append(events)
    const leased = await leaseFrom(behind)

    expect(jsonOf(leased.events)).toEqual(jsonOf(events))
    expect(await right.lease(SHOP, ALL)).toBeUndefined()
    expect(await ahead.lease(SHOP, ALL)).toBeUndefined()
    for (const node of [right, behind, ahead]) {
      expect((await node.append(events)).stored).toEqual(['duplicate', 'duplicate', 'duplicate'])
    }
    await behind.settle(leased, delivered(leased))
    expect(await page(right)).toMatchObject({ delivered: 3, waiting: 0 })
    expect((await right.append(events)).stored).toEqual(['duplicate', 'duplicate', 'duplicate'])
  })

  it('respect a hold that another node has set', async () => {
    const [one, two] = [await startNode(), await startNode()]
    const hold = { kind: 'throttled' as const, reason: 'Meta bittet „später“.', sinceMs: NOW, untilMs: NOW + 60_000 }

    await one.hold(SHOP, hold)

    expect(await eventually('the hold', async () => (await two.lanes())[0])).toMatchObject({ lane: SHOP, hold })
  })

  it('offer every event once when all of them append and drain at the same time, and know each again', async () => {
    const all = [
      await startNode({ steady: true }),
      await startNode({ steady: true }),
      await startNode({ steady: true }),
    ]
    const lanes = Array.from({ length: 6 }, (_, index) => ({ pixelId: `20000000000000${index}` }))
    const first = someEvent({ lane: lanes[0]! })
    await all[0]!.append([first])
    const sent: string[] = [first.json]
    const received: string[] = []
    let filling = true

    async function fill(node: Queue): Promise<void> {
      for (let round = 0; round < 10; round++) {
        const events = lanes.flatMap((lane) => someEvents(5, { lane }))
        await node.append(events)
        sent.push(...jsonOf(events))
      }
    }
    async function drain(node: Queue): Promise<void> {
      for (;;) {
        // What a node knows without asking its engine it answers at once; that too must get a word in.
        await setImmediate()
        const last = !filling
        const leases = await Promise.all(lanes.map((lane) => node.lease(lane, { maxEvents: 50, maxBytes: 1e6 })))
        const some = leases.filter((lease) => lease !== undefined)
        for (const lease of some) {
          received.push(...jsonOf(lease.events))
          await node.settle(lease, delivered(lease))
        }
        if (last && some.length === 0) return
      }
    }
    const draining = Promise.all(all.map(drain))
    await Promise.all(all.map(fill))
    filling = false
    await draining

    const { pixels } = await all[0]!.books()
    expect(received.sort()).toEqual(sent.sort())
    expect(pixels.map(gap)).toEqual(pixels.map(() => 0))
    // Also one that comes when all of them have left.
    const late = await startNode()
    expect((await late.append([first])).stored).toEqual(['duplicate'])
    expect((await late.books()).pixels).toHaveLength(lanes.length)
  })

  it('are refused when the queue already serves a cluster with other pixels, but not when the pixels overlap', async () => {
    await startNode({ pixelIds: ['1', '2'] })

    await expect(startNode({ pixelIds: ['3'] })).rejects.toThrow(QueueInUseError)
    await expect(startNode({ pixelIds: ['3'] })).rejects.toThrow(/has other pixels. Give this one its own/)
    await expect(startNode({ alone: true })).rejects.toThrow(/in use by/)
    await expect(startNode({ pixelIds: ['2', '3'] })).resolves.toBeDefined()
  })

  it('do not begin together when two clusters start on one queue at the same moment', async () => {
    for (let round = 0; round < 3; round++) {
      const starts = await Promise.allSettled([startNode({ pixelIds: ['1'] }), startNode({ pixelIds: ['2'] })])
      const refused = starts.filter((start) => start.status === 'rejected')

      expect(refused.length).toBeGreaterThan(0)
      for (const { reason } of refused) expect(reason).toBeInstanceOf(QueueInUseError)
      for (const start of starts) if (start.status === 'fulfilled') await start.value.close()
    }
  })
}
