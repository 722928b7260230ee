import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { eventually, natsMissing, startNats, type TestNats } from '@pixel-mirror/testing'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { QueueUnavailableError } from '../../../src/errors.js'
import { openJetstreamQueue, type JetstreamQueueOptions } from '../../../src/queue/jetstream/open-jetstream-queue.js'
import { gap } from '../../../src/queue/queue.js'
import type { Queue, QueuedEvent } from '../../../src/queue/queue.js'
import { someEvent, someEvents } from '../queue-contract.js'
import { ALL, delivered, jsonOf, leaseFrom, NOW, page, severalNodesContract, SHOP } from '../several-nodes-contract.js'

const OWNERSHIP_MS = 1_500
const NEVER_MS = 3_600_000
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

const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )

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

  severalNodesContract(({ frozen, steady, ...options } = {}) =>
    startNode({ ...options, ...(frozen && FROZEN), ...(steady && { ownershipMs: 60_000 }) }),
  )

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
})
