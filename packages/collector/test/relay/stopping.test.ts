import { afterEach, describe, expect, it } from 'vitest'
import { LeaseLostError, QueueUnavailableError } from '../../src/errors.js'
import { memoryQueue } from '../../src/queue/memory-queue.js'
import type { Queue } from '../../src/queue/queue.js'
import type { World } from './relay-world.js'
import { createWorld, eventually, expectTaken, pixel } from './relay-world.js'

let world: World
afterEach(() => world.end())

const SHOP = { pixelId: '111' }
const NEVER = 3_600_000

describe('stop()', () => {
  it('waits for what is under way', async () => {
    world = await createWorld([pixel('111')], { limits: { timeoutMs: NEVER } })
    await world.fill(SHOP, 3)
    let answer = () => {}
    world.graph.behave = () => new Promise((resolve) => (answer = () => resolve('accept')))
    world.relay.start()
    await eventually(() => expect(world.graph.requests).toHaveLength(1))

    const stopped = world.relay.stop(NEVER)
    answer()
    await stopped

    expect(await world.queue.books()).toMatchObject({ pixels: [{ delivered: 3, waiting: 0 }] })
  })

  it('gives back what is not answered within the grace time, remembering that it may have arrived', async () => {
    world = await createWorld([pixel('111')], { limits: { timeoutMs: NEVER, giveBackMs: NEVER } })
    await world.fill(SHOP, 3)
    world.graph.behave = () => 'hang'
    world.relay.start()
    await eventually(() => expect(world.graph.requests).toHaveLength(1))

    await world.relay.stop(20)

    const lease = await world.queue.lease(SHOP, { maxEvents: 10, maxBytes: 1_000_000 })
    expect(lease?.events).toHaveLength(3)
    for (const { ambiguousSinceMs } of lease?.events ?? []) expect(ambiguousSinceMs).toBeDefined()
  })

  it('takes nothing new', async () => {
    world = await createWorld([pixel('111')])
    world.relay.start()
    await world.fill(SHOP, 3)
    await world.drained()
    await world.relay.stop(1_000)

    await world.fill(SHOP, 3)

    expect(world.graph.requests).toHaveLength(1)
    expect(world.relay.lanes().every(({ state }) => state === 'stopped')).toBe(true)
  })

  it('does not wait for lanes that wait', async () => {
    world = await createWorld([pixel('111')], { limits: { backoffBaseMs: NEVER, backoffCapMs: NEVER } })
    await world.fill(SHOP, 3)
    world.graph.behave = () => ({ status: 500, body: '' })
    world.relay.start()
    await eventually(() => expect(world.relay.lanes()).toMatchObject([{ state: 'waiting', cause: 'server_error' }]))

    await world.relay.stop(NEVER)

    expect(world.relay.lanes()).toMatchObject([{ state: 'stopped' }])
  })

  it('does not wait for a queue that hangs', async () => {
    const queue = memoryQueue()
    let hang = false
    const never = new Promise<never>(() => undefined)
    world = await createWorld([pixel('111')], {
      queue: { ...queue, settle: (lease, verdicts) => (hang ? never : queue.settle(lease, verdicts)) },
      limits: { giveBackMs: 50 },
    })
    await world.fill(SHOP, 3)
    hang = true
    world.relay.start()
    await eventually(() => expect(world.graph.requests).toHaveLength(1))

    await world.relay.stop(0)

    expect(world.relay.lanes()).toMatchObject([{ state: 'stopped' }])
  })

  it('ends with nothing left behind when it comes at any moment of a busy relay', async () => {
    for (let round = 0; round < 30; round++) {
      world = await createWorld([pixel('111'), pixel('222')], { limits: { maxEvents: 10 } })
      const ids = [...(await world.fill(SHOP, 100)), ...(await world.fill({ pixelId: '222' }, 100))]
      let turn = 0
      world.graph.behave = () => (turn++ % 3 === 2 ? { status: 500, body: '' } : 'accept')
      world.relay.start()
      await eventually(() => expect(world.graph.requests.length).toBeGreaterThanOrEqual(round))

      await world.relay.stop(round % 2 === 0 ? 0 : 1_000)
      world.another().start()
      await world.drained()

      expectTaken(world.graph, ids)
      await world.end()
    }
  })
})

/** A queue whose methods fail so often before they work. */
function failing(queue: Queue, failures: Partial<Record<'lease' | 'settle' | 'lanes' | 'hold', Error[]>>): Queue {
  async function then<Result>(name: keyof typeof failures, work: () => Promise<Result>): Promise<Result> {
    const error = failures[name]?.shift()
    if (error !== undefined) throw error
    return work()
  }
  return {
    ...queue,
    lease: (lane, limit) => then('lease', () => queue.lease(lane, limit)),
    settle: (lease, verdicts) => then('settle', () => queue.settle(lease, verdicts)),
    lanes: () => then('lanes', () => queue.lanes()),
    hold: (lane, hold) => then('hold', () => queue.hold(lane, hold)),
  }
}

const unavailable = (times: number) =>
  Array.from({ length: times }, () => new QueueUnavailableError('The disk is full.'))

describe('trouble with the queue', () => {
  it('does not send again what could not be settled at first', async () => {
    world = await createWorld([pixel('111')], { queue: failing(memoryQueue(), { settle: unavailable(3) }) })
    const ids = await world.fill(SHOP, 3)

    world.relay.start()
    await world.drained()

    expectTaken(world.graph, ids)
    expect(world.graph.requests).toHaveLength(1)
    expect(world.happenings).toContainEqual(expect.objectContaining({ kind: 'alarm', code: 'settle_failed' }))
  })

  it('lets go of a lease that another node has taken over', async () => {
    const lost = [new LeaseLostError('Another node drains this lane.')]
    world = await createWorld([pixel('111')], { queue: failing(memoryQueue(), { settle: lost }) })
    await world.fill(SHOP, 3)

    world.relay.start()

    await eventually(() => expect(world.relay.lanes().every(({ inFlight }) => inFlight === 0)).toBe(true))
    expect(world.happenings.filter(({ kind }) => kind === 'settled')).toEqual([])
  })

  it('asks again when leasing, listing or holding fails', async () => {
    const queue = failing(memoryQueue(), { lease: unavailable(2), lanes: unavailable(2), hold: unavailable(1) })
    world = await createWorld([pixel('111')], { queue })
    const ids = await world.fill(SHOP, 3)
    let refused = false
    world.graph.behave = () => {
      if (refused) return 'accept'
      refused = true
      return { status: 400, body: { error: { code: 190 } } }
    }

    world.relay.start()
    await world.drained()

    expectTaken(world.graph, ids)
  })
})
