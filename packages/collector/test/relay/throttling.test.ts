import { afterEach, describe, expect, it } from 'vitest'
import type { World } from './relay-world.js'
import { createWorld, eventually, expectTaken, pixel } from './relay-world.js'
import type { Behaviour } from './scripted-graph.js'
import { graphError } from './scripted-graph.js'

let world: World
afterEach(() => world.end())

const SHOP = { pixelId: '111' }
const HOUR = 3_600_000
const minutes = (regain: number) =>
  JSON.stringify({ 7: [{ call_count: 100, estimated_time_to_regain_access: regain }] })
const accepted = (count: number, headers: Record<string, string>): Behaviour => ({
  status: 200,
  headers,
  body: { events_received: count },
})

/** The lane waits with a cause, and until about then. */
async function waiting(cause: string, forMs: number): Promise<void> {
  await eventually(() => expect(world.relay.lanes()).toMatchObject([{ state: 'waiting', cause, inFlight: 0 }]))
  const untilMs = world.relay.lanes()[0]?.untilMs ?? 0
  expect(untilMs).toBeGreaterThan(Date.now() + forMs * 0.9)
  expect(untilMs).toBeLessThanOrEqual(Date.now() + forMs)
}

describe('a lane that Meta asks to slow down', () => {
  it.each<[string, Behaviour, string, number]>([
    ['as long as Retry-After says', { ...graphError(4), headers: { 'retry-after': '120' } }, 'throttled', 120_000],
    [
      'as long as it takes to regain access',
      { ...graphError(80004), headers: { 'x-business-use-case-usage': minutes(17) } },
      'throttled',
      17 * 60_000,
    ],
    ['an hour after a policy block', graphError(368), 'blocked', HOUR],
    [
      'no longer than a day, whatever is asked',
      { ...graphError(4), headers: { 'retry-after': '999999' } },
      'throttled',
      24 * HOUR,
    ],
  ])('waits %s', async (_, behaviour, cause, forMs) => {
    world = await createWorld([pixel('111')])
    await world.fill(SHOP, 3)
    world.graph.behave = () => behaviour

    world.relay.start()

    await waiting(cause, forMs)
    expect(world.graph.requests).toHaveLength(1)
  })

  it('tells the queue, so that other nodes and the next start wait too', async () => {
    world = await createWorld([pixel('111')])
    const ids = await world.fill(SHOP, 3)
    world.graph.behave = () => ({ ...graphError(4), headers: { 'retry-after': '3600' } })
    world.relay.start()
    await waiting('throttled', HOUR)
    await world.relay.stop(1_000)
    expect(await world.queue.lanes()).toMatchObject([{ hold: { kind: 'throttled', cause: 'throttled' } }])

    world.graph.behave = () => 'accept'
    const restarted = world.another()
    restarted.start()
    await eventually(() => expect(restarted.lanes()).toMatchObject([{ state: 'waiting', cause: 'throttled' }]))
    expect(world.graph.requests).toHaveLength(1)
    restarted.kick(SHOP)
    await world.drained()

    expectTaken(world.graph, ids)
    await eventually(async () => expect(await world.queue.lanes()).toEqual([]))
  })

  it('raises an alarm for a policy block, since waiting alone may not help', async () => {
    world = await createWorld([pixel('111')])
    await world.fill(SHOP, 3)
    world.graph.behave = () => graphError(368)

    world.relay.start()

    await eventually(() =>
      expect(world.happenings).toContainEqual(expect.objectContaining({ kind: 'alarm', code: 'lane_blocked' })),
    )
  })
})

describe('a lane that has nearly used up its limit', () => {
  it('stops before Meta must refuse, for as long as Meta says', async () => {
    world = await createWorld([pixel('111')])
    await world.fill(SHOP, 3)
    const headers = { 'x-business-use-case-usage': minutes(3).replace('100', '96') }
    world.graph.behave = ({ ids }) => accepted(ids.length, headers)

    world.relay.start()

    await waiting('usage_high', 180_000)
    expect(await world.queue.books()).toMatchObject({ pixels: [{ delivered: 3 }] })
  })

  it('spreads its requests out from three quarters on', async () => {
    world = await createWorld([pixel('111')])
    await world.fill(SHOP, 3)
    world.graph.behave = ({ ids }) => accepted(ids.length, { 'x-app-usage': '{"call_count":85}' })

    world.relay.start()

    await waiting('usage_high', 5_500)
    const attempts = world.happenings.filter((one) => one.kind === 'attempted')
    expect(attempts).toMatchObject([{ attempt: { usage: 0.85, status: 200, outcome: { kind: 'accepted' } } }])
  })
})
