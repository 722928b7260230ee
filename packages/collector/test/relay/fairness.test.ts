import { afterEach, describe, expect, it } from 'vitest'
import type { Behaviour } from './scripted-graph.js'
import type { World } from './relay-world.js'
import { createWorld, IMPATIENT, eventually, expectTaken, pixel } from './relay-world.js'

let world: World
afterEach(() => world.end())

const pixelIds = (count: number) => Array.from({ length: count }, (_, index) => String(1_000 + index))

describe('lanes', () => {
  it('take turns: a pixel with one event is not behind a pixel with thousands', async () => {
    world = await createWorld([pixel('111'), pixel('222')], { limits: { sockets: 1, maxEvents: 10 } })
    await world.fill({ pixelId: '111' }, 1_000)
    let asked = 0
    let small: string[] = []
    world.graph.behave = async (): Promise<Behaviour> => {
      if (++asked === 10) small = await world.fill({ pixelId: '222' }, 1)
      return 'accept'
    }

    world.relay.start()
    await world.drained()

    expectTaken(world.graph, small)
    const position = world.graph.requests.findIndex(({ pixelId }) => pixelId === '222')
    const between = world.graph.requests.slice(10, position)
    // It gathers for a moment first; from then on at most one batch of the other goes before it.
    expect(between.length).toBeLessThan(80)
  })

  it('give every pixel a batch before any has its second', async () => {
    const ids = pixelIds(20)
    world = await createWorld(
      ids.map((id) => pixel(id)),
      { limits: { sockets: 1, maxEvents: 10, gatherMs: 0 } },
    )
    for (const pixelId of ids) await world.fill({ pixelId }, 30)

    world.relay.start()
    await world.drained()

    const firstRound = world.graph.requests.slice(0, 20).map(({ pixelId }) => pixelId)
    expect(new Set(firstRound).size).toBe(20)
  })

  it('hold at most 16 connections while Meta hangs, and a pixel in trouble leaves room for the others', async () => {
    const ids = pixelIds(40)
    world = await createWorld(
      ids.map((id) => pixel(id)),
      { limits: IMPATIENT },
    )
    const sick = new Set(ids.slice(0, 30))
    const kept = (await Promise.all(ids.map((pixelId) => world.fill({ pixelId }, 5)))).flat()
    let mended = false
    world.graph.behave = ({ pixelId }) => (sick.has(pixelId) && !mended ? 'hang' : 'accept')

    world.relay.start()
    const hung = () => world.graph.requests.filter(({ pixelId }) => sick.has(pixelId)).length
    await eventually(() => expect(hung()).toBeGreaterThan(60))
    const later = (await Promise.all(ids.slice(30).map((pixelId) => world.fill({ pixelId }, 5)))).flat()
    await eventually(() => expectTaken(world.graph, later))
    expect(world.graph.mostSockets).toBeLessThanOrEqual(16)
    mended = true
    await world.drained()

    expectTaken(world.graph, kept)
  })

  it('get through though any number of others begin to hang at once, with full batches, which may take long', async () => {
    const ids = pixelIds(25)
    // A full batch hangs for a minute. Over an express socket goes one event at a time, which may take 1.2 seconds.
    const limits = { maxEvents: 50, expressEvents: 1, timeoutMs: 0, timeoutPerEventMs: 1_200 }
    world = await createWorld(
      ids.map((id) => pixel(id)),
      { limits },
    )
    const sick = new Set(ids.slice(0, 20))
    for (const pixelId of sick) await world.fill({ pixelId }, 50)
    world.graph.behave = ({ pixelId }) => (sick.has(pixelId) ? 'hang' : 'accept')
    const sending = () => world.relay.lanes().filter(({ lane, state }) => sick.has(lane.pixelId) && state === 'sending')

    world.relay.start()
    await eventually(() => expect(sending()).toHaveLength(16))
    const others = (await Promise.all(ids.slice(20).map((pixelId) => world.fill({ pixelId }, 2)))).flat()
    await eventually(() => expectTaken(world.graph, others))

    // Those with full batches still hang: nobody waited for them.
    expect(sending().filter(({ failures }) => failures === 0)).toHaveLength(12)
    expect(world.graph.mostSockets).toBe(16)
  })

  it('use several requests at once for one pixel with a backlog, and no more than four', async () => {
    world = await createWorld([pixel('111')], { limits: { maxEvents: 10, timeoutMs: 30_000 } })
    const ids = await world.fill({ pixelId: '111' }, 400)
    let open = 0
    let most = 0
    world.graph.behave = async (): Promise<Behaviour> => {
      most = Math.max(most, ++open)
      await new Promise((resolve) => setTimeout(resolve, 10))
      open--
      return 'accept'
    }

    world.relay.start()
    await world.drained()

    expectTaken(world.graph, ids)
    expect(most).toBe(4)
  })

  it('are forgotten when nothing waits in them', async () => {
    world = await createWorld([pixel('111')])
    world.relay.start()
    for (let code = 0; code < 20; code++) await world.fill({ pixelId: '111', testEventCode: `TEST${code}` }, 1)
    await world.drained()

    await eventually(() => expect(world.relay.lanes()).toEqual([]))
  })
})
