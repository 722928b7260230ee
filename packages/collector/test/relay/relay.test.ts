import { afterEach, describe, expect, it } from 'vitest'
import type { World } from './relay-world.js'
import { createWorld, eventually, expectTaken, pixel } from './relay-world.js'
import { graphError, refusing } from './scripted-graph.js'

let world: World
afterEach(() => world.end())

const SHOP = { pixelId: '111' }
const BLOG = { pixelId: '222' }

describe('createRelay()', () => {
  it('posts what waits to the edge of its pixel, with its token in the body and not in the URL', async () => {
    world = await createWorld([pixel('111')])
    const ids = await world.fill(SHOP, 3)

    world.relay.start()
    await world.drained()

    const [request] = world.graph.requests
    expect(world.graph.requests).toHaveLength(1)
    expect(request).toMatchObject({ path: '/v26.0/111/events', ids, body: { access_token: 'EAAB-token-of-111' } })
    expect(request?.headers).toMatchObject({ 'content-type': 'application/json' })
    expect(await world.queue.books()).toMatchObject({ pixels: [{ received: 3, delivered: 3, waiting: 0 }] })
  })

  it('sends events that arrive after the start together', async () => {
    world = await createWorld([pixel('111')])
    world.relay.start()

    const ids = [...(await world.fill(SHOP, 2)), ...(await world.fill(SHOP, 2))]
    await world.drained()

    expectTaken(world.graph, ids)
    expect(world.graph.requests).toHaveLength(1)
  })

  it('finds one bad event among many, and delivers the others', async () => {
    world = await createWorld([pixel('111')])
    const ids = await world.fill(SHOP, 1_000)
    const bad = ids[700] ?? ''
    world.graph.behave = refusing(new Set([bad]))

    world.relay.start()
    await world.drained()

    expectTaken(
      world.graph,
      ids.filter((id) => id !== bad),
    )
    expect(world.graph.requests.length).toBeLessThanOrEqual(22)
    const letters = await world.queue.deadLetters.list({}, { limit: 10 })
    expect(letters).toMatchObject([
      {
        eventId: bad,
        kind: 'dead',
        reason: { cause: 'refused_by_meta', code: 100, subcode: 2804009, fbtraceId: 'RefusedTrace' },
      },
    ])
  })

  it('keeps the events of a pixel whose token is refused, sends those of others, and goes on when the token is mended', async () => {
    world = await createWorld([pixel('111'), pixel('222')])
    const ids = await world.fill(SHOP, 5)
    let valid = false
    world.graph.behave = ({ pixelId }) => (pixelId === '111' && !valid ? graphError(190) : 'accept')

    world.relay.start()
    await eventually(() => expect(world.relay.lanes()).toMatchObject([{ state: 'parked', cause: 'token_invalid' }]))
    const others = await world.fill(BLOG, 5)
    await eventually(() => expectTaken(world.graph, others))
    valid = true
    await world.drained()

    expectTaken(world.graph, ids)
    expect(await world.queue.deadLetters.list({}, { limit: 10 })).toEqual([])
  })

  it('gives back what is under way when it is stopped, for the next start to send', async () => {
    world = await createWorld([pixel('111')], { limits: { timeoutMs: 60_000 } })
    const ids = await world.fill(SHOP, 3)
    world.graph.behave = () => 'hang'
    world.relay.start()
    await eventually(() => expect(world.graph.requests).toHaveLength(1))

    await world.relay.stop(0)
    world.graph.behave = () => 'accept'
    world.another().start()
    await world.drained()

    expectTaken(world.graph, ids)
    expect(world.relay.lanes()).toMatchObject([{ state: 'stopped' }])
  })
})
