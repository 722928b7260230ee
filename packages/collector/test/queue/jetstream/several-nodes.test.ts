import { randomUUID } from 'node:crypto'
import { setImmediate, setTimeout as wait } from 'node:timers/promises'
import { eventually, natsMissing, startNats, type TestNats } from '@pixel-mirror/testing'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { LeaseLostError, QueueInUseError, QueueUnavailableError } from '../../../src/errors.js'
import { openJetstreamQueue, type JetstreamQueueOptions } from '../../../src/queue/jetstream/open-jetstream-queue.js'
import { gap } from '../../../src/queue/queue.js'
import type { Lease, Queue, QueuedEvent } from '../../../src/queue/queue.js'
import { someEvent, someEvents } from '../queue-contract.js'

const SHOP = { pixelId: '1000000000000001' }
const ALL = { maxEvents: 10_000, maxBytes: 10_000_000 }
const OWNERSHIP_MS = 1_500
const NEVER_MS = 3_600_000
const NOW = Date.UTC(2026, 0, 15, 12)
const SILENT = { info() {}, warn() {}, error() {} }
const missing = natsMissing()

let brokers: TestNats
let stream: string
let nodes: Queue[]

async function startNode(options: Partial<JetstreamQueueOptions> = {}): Promise<Queue> {
  const node = await openJetstreamQueue(`${brokers.url}?stream=${stream}`, {
    maxBytes: 50_000_000,
    now: () => NOW,
    log: SILENT,
    observe: () => undefined,
    ownershipMs: OWNERSHIP_MS,
    lookEveryMs: 50,
    ...options,
  })
  nodes.push(node)
  return node
}

/** As a process that is stopped: says nothing, sweeps nothing. */
const FROZEN = { lookEveryMs: NEVER_MS, beatEveryMs: NEVER_MS }

const leaseFrom = (node: Queue) => eventually('a lease', () => node.lease(SHOP, ALL))
const delivered = (lease: Lease) => lease.events.map(({ ref }) => ({ ref, kind: 'delivered' as const }))
const jsonOf = (events: readonly { json: string }[]) => events.map(({ json }) => json)
const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )

async function page(node: Queue) {
  const { pixels } = await node.books()
  expect(pixels.map(gap)).toEqual(pixels.map(() => 0))
  return pixels[0]
}

/** Appends as a sender would: what was refused comes again. */
async function appendAtLast(node: Queue, events: readonly QueuedEvent[]): Promise<void> {
  await eventually(
    'the brokers to take events',
    () =>
      node.append(events).then(
        () => true,
        (error: unknown) => {
          expect(error).toBeInstanceOf(QueueUnavailableError)
          return false
        },
      ),
    60_000,
  )
}

async function drain(node: Queue): Promise<string[]> {
  const drained: string[] = []
  for (;;) {
    const lease = await eventually('the lane', async () => {
      const { waitingEvents } = await node.status()
      return waitingEvents === 0 ? 'empty' : await node.lease(SHOP, ALL).catch(() => undefined)
    })
    if (lease === 'empty') return drained
    drained.push(...jsonOf(lease.events))
    await node.settle(lease, delivered(lease))
  }
}

describe.skipIf(missing)(`several collectors on three brokers${missing ? ` (${missing})` : ''}`, () => {
  beforeAll(async () => {
    brokers = await startNats({ brokers: 3 })
  })
  afterAll(() => brokers?.stop())
  beforeEach(() => {
    stream = `cluster_${randomUUID().replaceAll('-', '')}`
    nodes = []
  })
  afterEach(async () => {
    for (const node of nodes) await node.close()
  })

  it('take in the same event once, whichever node it reaches, although the brokers let both chunks into the log', async () => {
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

  it('start all at once on brokers that are still electing, without a word of trouble', async () => {
    const said: unknown[] = []
    const log = { ...SILENT, error: (facts: unknown) => void said.push(facts) }
    const leader = async () => {
      const connection = await connect({ servers: brokers.brokers.map(({ url }) => url) })
      await connection.request(`$JS.API.STREAM.LEADER.STEPDOWN.${stream}`).catch(() => undefined)
      await connection.close()
    }

    for (let round = 0; round < 3; round++) {
      stream = `cluster_${randomUUID().replaceAll('-', '')}`
      const all = await Promise.all([startNode({ log }), startNode({ log }), startNode({ log }), leader()])
      await all[0].append([someEvent()])
    }

    expect(said).toEqual([])
  }, 120_000)

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
    const frozen = await startNode(FROZEN)
    expect(await frozen.lease(SHOP, ALL)).toMatchObject({ events: { length: 3 } })

    const two = await startNode()

    expect((await leaseFrom(two)).events).toHaveLength(3)
  })

  it('let a node that was frozen and wakes again settle nothing, and lose nothing by it', async () => {
    const frozen = await startNode(FROZEN)
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

  it('respect a hold that another node has set', async () => {
    const [one, two] = [await startNode(), await startNode()]
    const hold = { kind: 'throttled' as const, reason: 'Meta bittet „später“.', sinceMs: NOW, untilMs: NOW + 60_000 }

    await one.hold(SHOP, hold)

    expect(await eventually('the hold', async () => (await two.lanes())[0])).toMatchObject({ lane: SHOP, hold })
  })

  it('offer every event once when all of them append and drain at the same time, and sweep behind themselves', async () => {
    // Long enough that no lane changes hands because the machine is busy: then events would rightly come twice.
    const steady = { ownershipMs: 60_000 }
    const all = [await startNode(steady), await startNode(steady), await startNode(steady)]
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
    async function drainAll(node: Queue): Promise<void> {
      for (;;) {
        // What a node knows without asking the brokers it answers at once; they too must get a word in.
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
    const draining = Promise.all(all.map(drainAll))
    await Promise.all(all.map(fill))
    filling = false
    await draining

    const { pixels } = await all[0]!.books()
    expect(received.sort()).toEqual(sent.sort())
    expect(pixels.map(gap)).toEqual(pixels.map(() => 0))
    // A node that comes now knows the ids of what was swept.
    const late = await startNode()
    expect((await late.append([first])).stored).toEqual(['duplicate'])
    expect((await late.books()).pixels).toHaveLength(lanes.length)
  })

  it('leave of their signs of life only the newest in the log, and none of nodes that have stopped or died', async () => {
    const quick = { ownershipMs: 400, beatEveryMs: 20 }
    const one = await startNode(quick)
    const stopping = await startNode(quick)
    await startNode({ ...quick, ...FROZEN })
    const connection = await connect({ servers: brokers.brokers.map(({ url }) => url) })
    const { streams } = await jetstreamManager(connection, { checkAPI: false })
    const beats = async () => {
      const { state } = await streams.info(stream, { subjects_filter: `${stream}.n.>` })
      return Object.values(state.subjects ?? {})
    }
    expect(await beats()).toHaveLength(3)

    await stopping.close()

    await eventually('one node to be left', async () => (await beats()).length === 1)
    const { last_seq } = (await streams.info(stream)).state
    await eventually('many more beats', async () => (await streams.info(stream)).state.last_seq > last_seq + 50)
    // It sweeps every 50 ms, and has said so a few times since.
    expect((await beats())[0]).toBeLessThan(30)
    expect(await refusal(one.probe())).toBeUndefined()
    await connection.close()
  })

  it('keep what waits for one pixel when brokers start again behind the deletion of what another one has sent', async () => {
    const node = await startNode()
    const waiting = someEvents(3, { lane: { pixelId: '1000000000000002' } })
    await node.append(waiting)
    for (let round = 0; round < 5; round++) {
      await node.append(someEvents(3))
      const lease = await leaseFrom(node)
      await node.settle(lease, delivered(lease))
    }
    const connection = await connect({ servers: brokers.brokers.map(({ url }) => url), maxReconnectAttempts: -1 })
    const { streams } = await jetstreamManager(connection, { checkAPI: false })
    const messages = async (filter: string) => {
      const { state } = await streams.info(stream, { subjects_filter: `${stream}.${filter}` })
      return Object.values(state.subjects ?? {}).reduce((sum, count) => sum + count, 0)
    }
    await eventually('the sent chunks to be deleted', async () => (await messages(`e.${SHOP.pixelId}`)) === 1)
    await eventually('the old pages to be deleted', async () => (await messages(`r.${SHOP.pixelId}`)) === 1)
    await node.close()

    for (const broker of brokers.brokers) {
      await broker.kill()
      await broker.start()
      await eventually(
        'the replicas to be level again',
        async () => {
          const { cluster } = await streams.info(stream).catch(() => ({ cluster: undefined }))
          return cluster?.leader !== undefined && cluster.replicas?.every(({ current, offline }) => current && !offline)
        },
        60_000,
      )
    }
    await connection.close()

    const late = await startNode()
    const lease = await eventually('a lease', () => late.lease(waiting[0]!.lane, ALL))
    expect(jsonOf(lease.events)).toEqual(jsonOf(waiting))
    await late.settle(lease, delivered(lease))
    expect((await late.books()).pixels.map(gap)).toEqual([0, 0])
  }, 180_000)

  it('go on when a broker dies under load, and lose nothing that was acknowledged', async () => {
    const node = await startNode()
    const acknowledged: string[] = []
    let going = true
    const load = (async () => {
      while (going) {
        const events = someEvents(10)
        await appendAtLast(node, events)
        await wait(5)
        acknowledged.push(...jsonOf(events))
      }
    })()
    await eventually('some events', () => acknowledged.length > 50)

    for (const broker of brokers.brokers.slice(0, 2)) {
      await broker.kill()
      const before = acknowledged.length
      await eventually('events with a broker less', () => acknowledged.length > before + 50, 60_000)
      await broker.start()
    }
    going = false
    await load

    const drained = await drain(node)
    const there = new Set(drained)
    expect(acknowledged.filter((json) => !there.has(json))).toEqual([])
    expect(await page(node)).toMatchObject({ waiting: 0 })
  }, 180_000)

  it('know what they have written although the broker dies from which they read the log', async () => {
    const node = await startNode()
    await node.append([someEvent()])
    const connection = await connect({ servers: brokers.brokers.map(({ url }) => url), maxReconnectAttempts: -1 })
    const { streams, consumers } = await jetstreamManager(connection, { checkAPI: false })
    const { cluster } = await streams.info(stream)
    const [reader] = await consumers.list(stream).next()
    const index = Number(reader?.cluster?.leader?.split('-')[1]) - 1
    // Where the leader is the same broker, an election is waited for, and not the reader.
    if (reader?.cluster?.leader === cluster?.leader)
      await connection.request(`$JS.API.STREAM.LEADER.STEPDOWN.${stream}`)
    await eventually('another leader', async () => {
      const { cluster } = await streams.info(stream)
      return cluster?.leader !== undefined && cluster.leader !== reader?.cluster?.leader
    })

    await brokers.brokers[index]!.kill()
    const events = Array.from({ length: 20 }, () => someEvent())
    for (const event of events) await appendAtLast(node, [event])
    const read = (await node.books()).pixels[0]
    await brokers.brokers[index]!.start()
    await connection.close()

    expect(read).toMatchObject({ waiting: 21 })
    expect(await drain(node)).toEqual(expect.arrayContaining(jsonOf(events)))
  }, 60_000)

  it('write what became of events when the quorum is back, and offer none of them again', async () => {
    const node = await startNode()
    await node.append(someEvents(3))
    const lease = await leaseFrom(node)

    await Promise.all([brokers.brokers[0]!.kill(), brokers.brokers[1]!.kill()])
    const refused = await refusal(node.settle(lease, delivered(lease)))
    const offered = await node.lease(SHOP, ALL).catch(() => undefined)
    await Promise.all([brokers.brokers[0]!.start(), brokers.brokers[1]!.start()])
    await eventually(
      'the settlement',
      async () => (await refusal(node.settle(lease, delivered(lease)))) === undefined,
      60_000,
    )

    expect(refused).toBeInstanceOf(QueueUnavailableError)
    expect(offered).toBeUndefined()
    expect(await page(node)).toMatchObject({ received: 3, delivered: 3, waiting: 0 })
  }, 180_000)

  it('refuse while there is no quorum, say so, and go on with everything when there is one again', async () => {
    const node = await startNode()
    const events = someEvents(3)
    await node.append(events)

    await Promise.all([brokers.brokers[0]!.kill(), brokers.brokers[1]!.kill()])
    const refused = await eventually('a refusal', () => refusal(node.append([someEvent()])))
    const probed = await eventually('a failing probe', () => refusal(node.probe()))
    const { refusing } = await node.status()
    await Promise.all([brokers.brokers[0]!.start(), brokers.brokers[1]!.start()])

    expect([refused, probed]).toEqual([expect.any(QueueUnavailableError), expect.any(QueueUnavailableError)])
    expect(refusing).toBe('unreachable')
    await eventually('the brokers to be back', async () => (await refusal(node.probe())) === undefined, 60_000)
    expect((await node.status()).refusing).toBeUndefined()
    await appendAtLast(node, [someEvent()])
    expect(await drain(node)).toEqual(expect.arrayContaining(jsonOf(events)))
  }, 180_000)

  it('are refused when the stream already serves a cluster with other pixels, but not when the pixels overlap', async () => {
    await startNode({ pixelIds: ['1', '2'] })

    await expect(startNode({ pixelIds: ['3'] })).rejects.toThrow(QueueInUseError)
    await expect(startNode({ alone: true })).rejects.toThrow(/in use by/)
    await expect(startNode({ pixelIds: ['2', '3'] })).resolves.toBeDefined()
  })
})
