import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { startPostgres, type TestPostgres } from '@pixel-mirror/testing'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { LeaseLostError, QueueUnavailableError } from '../../../src/errors.js'
import { openPostgresQueue } from '../../../src/queue/postgres/open-postgres-queue.js'
import { gap, type Lease, type Queue, type Verdict } from '../../../src/queue/queue.js'
import { someEvents } from '../queue-contract.js'
import { Address } from './address.js'

const SHOP = { pixelId: '1000000000000001' }
const ALL = { maxEvents: 10_000, maxBytes: 10_000_000 }
const NOW = Date.UTC(2026, 0, 15, 12)
const NEVER_MS = 3_600_000
const SILENT = { info() {}, warn() {}, error() {} }

let server: TestPostgres
let address: Address
let url: string
let nodes: Queue[]

beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server?.stop())
beforeEach(async () => {
  address = new Address()
  url = `${await address.open(server.port)}?schema=cluster_${randomUUID().replaceAll('-', '')}`
  nodes = []
})
afterEach(async () => {
  address.leadTo(server.port)
  for (const node of nodes) await node.close()
  address.close()
})

async function startNode({ ownershipMs = 60_000, lookEveryMs = NEVER_MS } = {}): Promise<Queue> {
  const node = await openPostgresQueue(url, {
    ...{ maxBytes: 50_000_000, now: () => NOW, log: SILENT, observe: () => undefined },
    ...{ ownershipMs, lookEveryMs },
  })
  nodes.push(node)
  return node
}

async function leaseOf(node: Queue): Promise<Lease> {
  const lease = await node.lease(SHOP, ALL)
  if (lease === undefined) throw new Error('There was nothing to lease.')
  return lease
}

const delivered = (lease: Lease): Verdict[] => lease.events.map(({ ref }) => ({ ref, kind: 'delivered' }))

async function page(node: Queue) {
  const { pixels } = await node.books()
  expect(pixels.map(gap)).toEqual([0])
  return pixels[0]
}

describe('what became of events, when PostgreSQL does not take it at once', () => {
  it('is written when the database is back, and none of them is offered meanwhile or again', async () => {
    const node = await startNode()
    await node.append(someEvents(3))
    const lease = await leaseOf(node)

    address.cut()
    await expect(node.settle(lease, delivered(lease))).rejects.toThrow(QueueUnavailableError)
    address.leadTo(server.port)
    expect(await node.lease(SHOP, ALL)).toBeUndefined()
    await node.settle(lease, delivered(lease))

    expect(await page(node)).toMatchObject({ received: 3, delivered: 3, waiting: 0 })
    expect(await node.status()).toMatchObject({ waitingEvents: 0, bytes: 0 })
  })

  it('is written although the lease ran out meanwhile, if nobody else has taken the lane', async () => {
    const node = await startNode({ ownershipMs: 300, lookEveryMs: 50 })
    await node.append(someEvents(3))
    const lease = await leaseOf(node)

    address.cut()
    await expect(node.settle(lease, delivered(lease))).rejects.toThrow(QueueUnavailableError)
    await wait(600)
    address.leadTo(server.port)
    await node.probe()
    await node.settle(lease, delivered(lease))

    expect(await page(node)).toMatchObject({ received: 3, delivered: 3, waiting: 0 })
  })

  it('is written once when it was committed and only the answer was lost', async () => {
    const node = await startNode()
    await node.append(someEvents(4))
    const lease = await leaseOf(node)
    const [first, second, third] = lease.events.map(({ ref }) => ref) as [string, string, string]
    const verdicts: Verdict[] = [
      { ref: first, kind: 'delivered' },
      { ref: second, kind: 'dead', reason: { cause: 'refused_by_meta', message: 'Invalid parameter' } },
      { ref: third, kind: 'free', ambiguousSinceMs: NOW },
    ]

    address.loseAnswerTo('COMMIT')
    await expect(node.settle(lease, verdicts)).rejects.toThrow(QueueUnavailableError)
    expect(await page(node)).toMatchObject({ delivered: 1, dead: 1, waiting: 2 })
    await node.settle(lease, verdicts)

    expect(await page(node)).toMatchObject({ received: 4, delivered: 1, dead: 1, waiting: 2 })
    expect(await node.deadLetters.list({}, { limit: 10 })).toHaveLength(1)
    const { events } = await leaseOf(node)
    expect(events.map(({ ref, ambiguousSinceMs }) => [ref, ambiguousSinceMs])).toEqual([
      [third, NOW],
      [lease.events[3]!.ref, undefined],
    ])
  })

  it('is not written when another node has taken the lane meanwhile, and is told so', async () => {
    const frozen = await startNode({ ownershipMs: 300 })
    await frozen.append(someEvents(3))
    const old = await leaseOf(frozen)
    await wait(350)
    const other = await startNode()
    const fresh = await leaseOf(other)

    await expect(frozen.settle(old, delivered(old))).rejects.toThrow(LeaseLostError)

    expect(await page(other)).toMatchObject({ delivered: 0, waiting: 3 })
    await other.settle(fresh, delivered(fresh))
    expect(await page(other)).toMatchObject({ delivered: 3, waiting: 0 })
  })
})
