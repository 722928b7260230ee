import { afterEach, describe, expect, it } from 'vitest'
import type { World } from './relay-world.js'
import { createWorld, eventually, expectTaken, pixel } from './relay-world.js'
import { graphError, refusing } from './scripted-graph.js'

let world: World
afterEach(() => world.end())

const SHOP = { pixelId: '111' }
const letters = () => world.queue.deadLetters.list({}, { limit: 1_000 })
const idsOf = async () => (await letters()).map(({ eventId }) => eventId).sort()

describe('a batch with a bad event', () => {
  it.each(Array.from({ length: 9 }, (_, position) => position))(
    'at position %i of 9: the bad one dies alone, with the words of Meta',
    async (position) => {
      world = await createWorld([pixel('111')])
      const ids = await world.fill(SHOP, 9)
      const bad = ids[position] ?? ''
      world.graph.behave = refusing(new Set([bad]))

      world.relay.start()
      await world.drained()

      expectTaken(
        world.graph,
        ids.filter((id) => id !== bad),
      )
      expect(world.graph.taken.has(bad)).toBe(false)
      expect(await letters()).toMatchObject([
        { eventId: bad, reason: { cause: 'refused_by_meta', code: 100, subcode: 2804009, fbtraceId: 'RefusedTrace' } },
      ])
    },
  )

  it('costs at most 22 requests for 1,000 events, wherever it is, and 999 are delivered once', async () => {
    for (const position of [0, 1, 499, 500, 998, 999]) {
      world = await createWorld([pixel('111')])
      const ids = await world.fill(SHOP, 1_000)
      world.graph.behave = refusing(new Set([ids[position] ?? '']))

      world.relay.start()
      await world.drained()

      expect(world.graph.requests.length).toBeLessThanOrEqual(22)
      expect(world.graph.taken.size).toBe(999)
      expect([...world.graph.taken.values()].every((times) => times === 1)).toBe(true)
      await world.end()
    }
  })

  it('is found at once where Meta names its position', async () => {
    world = await createWorld([pixel('111')])
    const ids = await world.fill(SHOP, 1_000)
    const bad = ids[700] ?? ''
    world.graph.behave = ({ ids: sent }) =>
      sent.includes(bad)
        ? graphError(100, { error_subcode: 2804009, error_data: { event_index: sent.indexOf(bad) } })
        : 'accept'

    world.relay.start()
    await world.drained()

    expect(world.graph.requests).toHaveLength(3)
    expect(await idsOf()).toEqual([bad])
  })

  it('looks at the oldest first where Meta says that one is too old, and counts it as expired', async () => {
    world = await createWorld([pixel('111')])
    const ids = await world.fill(SHOP, 500)
    const [old = ''] = await world.fill(SHOP, 1, { eventTimeMs: Date.now() - 60_000 })
    ids.push(...(await world.fill(SHOP, 499)))
    world.graph.behave = refusing(new Set([old]), { error_subcode: 2804003 })

    world.relay.start()
    await world.drained()

    expectTaken(world.graph, ids)
    expect(world.graph.requests).toHaveLength(3)
    expect(await letters()).toMatchObject([{ eventId: old, kind: 'expired', reason: { cause: 'too_old' } }])
  })

  it('is found though Meta fails half of the time meanwhile', async () => {
    world = await createWorld([pixel('111')])
    const ids = await world.fill(SHOP, 200)
    const bad = new Set([ids[150] ?? '', ids[151] ?? ''])
    const judge = refusing(bad)
    let turn = 0
    world.graph.behave = (request) => (turn++ % 2 === 0 ? { status: 500, body: '' } : judge(request))

    world.relay.start()
    await world.drained()

    expectTaken(
      world.graph,
      ids.filter((id) => !bad.has(id)),
    )
    expect(await idsOf()).toEqual([...bad].sort())
  })
})

describe('a flood of bad events', () => {
  it('spends no more requests on looking than the budget has, and still gets through', async () => {
    world = await createWorld([pixel('111')], { limits: { bisectRequestsPerMinute: 1_200 } })
    const ids = await world.fill(SHOP, 300)
    const bad = new Set(ids.filter((_, index) => index % 3 === 0))
    world.graph.behave = refusing(bad)

    world.relay.start()
    await world.drained()

    expect(await idsOf()).toEqual([...bad].sort())
    expectTaken(
      world.graph,
      ids.filter((id) => !bad.has(id)),
    )
  })

  it('waits when the budget is used up, and says so', async () => {
    world = await createWorld([pixel('111')], { limits: { bisectRequestsPerMinute: 20 } })
    const ids = await world.fill(SHOP, 300)
    world.graph.behave = refusing(new Set(ids))

    world.relay.start()
    await eventually(() => expect(world.relay.lanes()).toMatchObject([{ state: 'waiting', cause: 'bisect_budget' }]))

    expect(world.graph.requests.length).toBeLessThanOrEqual(22)
  })
})

describe('a refusal that nobody knows', () => {
  it('condemns an event only alone, and the third time', async () => {
    world = await createWorld([pixel('111')])
    const ids = await world.fill(SHOP, 8)
    const bad = ids[3] ?? ''
    world.graph.behave = ({ ids: sent }) => (sent.includes(bad) ? graphError(987_654) : 'accept')

    world.relay.start()
    await world.drained()

    const alone = world.graph.requests.filter(({ ids: sent }) => sent.length === 1 && sent[0] === bad)
    expect(alone).toHaveLength(3)
    expect(await letters()).toMatchObject([{ eventId: bad, reason: { cause: 'refused_by_meta', code: 987_654 } }])
  })

  it('forgets a refusal that was not repeated', async () => {
    world = await createWorld([pixel('111')])
    const ids = await world.fill(SHOP, 8)
    let refusals = 0
    world.graph.behave = ({ ids: sent }) =>
      sent.includes(ids[3] ?? '') && refusals++ < 4 ? graphError(987_654) : 'accept'

    world.relay.start()
    await world.drained()

    expectTaken(world.graph, ids)
    expect(await letters()).toEqual([])
  })

  it('parks the lane when it meets every event: then it is likely not the events', async () => {
    world = await createWorld([pixel('111')], { limits: { probeMs: 3_600_000 } })
    await world.fill(SHOP, 100)
    world.graph.behave = () => graphError(987_654)

    world.relay.start()
    await eventually(() =>
      expect(world.relay.lanes()).toMatchObject([{ state: 'parked', cause: 'refuses_everything' }]),
    )

    expect(await letters()).toEqual([])
    expect(world.graph.requests.length).toBeLessThan(40)
    expect(world.happenings).toContainEqual(expect.objectContaining({ kind: 'alarm', code: 'lane_parked' }))
  })

  it('goes on with a lane parked so when something is accepted again', async () => {
    world = await createWorld([pixel('111')])
    const ids = await world.fill(SHOP, 20)
    let strange = true
    world.graph.behave = () => (strange ? graphError(987_654) : 'accept')
    world.relay.start()
    await eventually(() => expect(world.relay.lanes()).toMatchObject([{ state: 'parked' }]))

    strange = false
    await world.drained()

    const dead = await idsOf()
    expectTaken(
      world.graph,
      ids.filter((id) => !dead.includes(id)),
    )
  })
})

describe('a success that counts too few', () => {
  it('is sent in parts until each event was counted, or died by name', async () => {
    world = await createWorld([pixel('111')])
    const ids = await world.fill(SHOP, 8)
    const uncounted = ids[5] ?? ''
    world.graph.behave = ({ ids: sent }) =>
      sent.includes(uncounted) ? { status: 200, body: { events_received: sent.length - 1 } } : 'accept'

    world.relay.start()
    await world.drained()

    expect(await letters()).toMatchObject([{ eventId: uncounted, reason: { cause: 'not_received' } }])
  })
})

describe('a batch that is too large', () => {
  it('becomes smaller until it is taken, and larger again afterwards', async () => {
    world = await createWorld([pixel('111')])
    const ids = await world.fill(SHOP, 100)
    world.graph.behave = ({ ids: sent }) => (sent.length > 30 ? { status: 413, body: '<html>' } : 'accept')

    world.relay.start()
    await world.drained()
    world.graph.behave = () => 'accept'
    await world.fill(SHOP, 100)
    await world.drained()

    expectTaken(world.graph, ids)
    expect(Math.max(...world.graph.requests.slice(-2).map(({ ids: sent }) => sent.length))).toBeGreaterThan(30)
    expect(await letters()).toEqual([])
  })

  it('dies by name when it is one event', async () => {
    world = await createWorld([pixel('111')])
    const ids = await world.fill(SHOP, 4)
    const large = ids[2] ?? ''
    world.graph.behave = ({ ids: sent }) => (sent.includes(large) ? { status: 413, body: '' } : 'accept')

    world.relay.start()
    await world.drained()

    expect(await letters()).toMatchObject([{ eventId: large, reason: { cause: 'too_large' } }])
  })
})

describe('an event on which Meta fails each time', () => {
  it('is passed over, so that the others get through, and is given up after many tries', async () => {
    world = await createWorld([pixel('111')], { limits: { backoffCapMs: 10, gatherMs: 1 } })
    const ids = await world.fill(SHOP, 300)
    const bad = ids[40] ?? ''
    world.graph.behave = ({ ids: sent }) => (sent.includes(bad) ? { status: 500, body: '' } : 'accept')

    world.relay.start()
    const others = ids.filter((id) => id !== bad)
    await eventually(() => expectTaken(world.graph, others))
    // It needs others that are accepted to be told from an outage.
    await eventually(async () => {
      await world.fill(SHOP, 1)
      expect(await idsOf()).toEqual([bad])
    })

    expect(await letters()).toMatchObject([{ kind: 'dead', reason: { cause: 'always_fails' } }])
    await world.drained()
  })

  it.each([1, 7, 30])('is not confused with an outage: %i events all fail, and none dies', async (count) => {
    world = await createWorld([pixel('111')], { limits: { backoffCapMs: 10, gatherMs: 1 } })
    const ids = await world.fill(SHOP, count)
    let down = true
    world.graph.behave = () => (down ? { status: 503, body: '<html>' } : 'accept')

    world.relay.start()
    await eventually(() => expect(world.graph.requests.length).toBeGreaterThan(80))
    down = false
    await world.drained()

    expectTaken(world.graph, ids)
    expect(await letters()).toEqual([])
  })
})
