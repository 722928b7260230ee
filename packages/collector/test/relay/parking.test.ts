import { afterEach, describe, expect, it } from 'vitest'
import { Secret } from '../../src/secret.js'
import type { World } from './relay-world.js'
import { createWorld, eventually, expectTaken, pixel } from './relay-world.js'
import { graphError } from './scripted-graph.js'

let world: World
afterEach(() => world.end())

const SHOP = { pixelId: '111' }
const NEVER = 3_600_000
const holdOf = async (pixelId = '111') => (await world.queue.lanes()).find(({ lane }) => lane.pixelId === pixelId)?.hold
const parked = (cause = 'token_invalid') =>
  eventually(() => expect(world.relay.lanes()).toMatchObject([{ state: 'parked', cause, inFlight: 0 }]))

/** Refuses every token but this one. */
const onlyTakes = (token: () => string) =>
  ((request) =>
    request.body['access_token'] === token() ? 'accept' : graphError(190)) satisfies World['graph']['behave']

describe('a lane whose token is refused', () => {
  it('is tried with one event now and then, keeps all, and flows as soon as Meta takes it again', async () => {
    world = await createWorld([pixel('111')])
    const ids = await world.fill(SHOP, 50)
    let valid = false
    world.graph.behave = () => (valid ? 'accept' : graphError(190))

    world.relay.start()
    await eventually(() => expect(world.graph.requests.length).toBeGreaterThanOrEqual(4))
    valid = true
    await world.drained()

    const [first, ...probes] = world.graph.requests.map(({ ids: sent }) => sent.length)
    expect(first).toBe(50)
    expect(probes.slice(0, 3)).toEqual([1, 1, 1])
    expect(world.relay.lanes().filter(({ state }) => state === 'parked')).toEqual([])
    expectTaken(world.graph, ids)
    expect([...world.graph.taken.values()].every((times) => times === 1)).toBe(true)
  })

  it('is tried at once when the token is exchanged', async () => {
    world = await createWorld([pixel('111')], { limits: { probeMs: NEVER } })
    const ids = await world.fill(SHOP, 5)
    world.graph.behave = onlyTakes(() => 'new')
    world.relay.start()
    await parked()

    world.pixels.set(pixel('111', { accessToken: new Secret('new') }))
    await world.drained()

    expectTaken(world.graph, ids)
    expect(await holdOf()).toBeUndefined()
  })

  it('does not stop for a refusal of the token that was exchanged meanwhile', async () => {
    world = await createWorld([pixel('111')], { limits: { probeMs: NEVER } })
    const ids = await world.fill(SHOP, 5)
    const judge = onlyTakes(() => 'new')
    world.graph.behave = (request) => {
      // Exchanged while the request is under way.
      if (world.graph.requests.length === 1) world.pixels.set(pixel('111', { accessToken: new Secret('new') }))
      return judge(request)
    }

    world.relay.start()
    await world.drained()

    expectTaken(world.graph, ids)
    expect(world.happenings.filter(({ kind }) => kind === 'alarm')).toEqual([])
  })

  it('is tried at once also when the token is exchanged while the old one is being tried', async () => {
    world = await createWorld([pixel('111')], { limits: { probeMs: NEVER } })
    const ids = await world.fill(SHOP, 5)
    const judge = onlyTakes(() => 'new')
    world.graph.behave = (request) => {
      if (world.graph.requests.length === 2) world.pixels.set(pixel('111', { accessToken: new Secret('new') }))
      return judge(request)
    }
    world.relay.start()
    await parked()

    world.relay.kick(SHOP)
    await world.drained()

    expectTaken(world.graph, ids)
  })

  it('is remembered by the queue with what to do, and raises one alarm', async () => {
    world = await createWorld([pixel('111')])
    await world.fill(SHOP, 5)
    world.graph.behave = () => graphError(190, { message: 'Malformed access token EAABsecret123456' })

    world.relay.start()
    await eventually(() => expect(world.graph.requests.length).toBeGreaterThanOrEqual(4))

    const hold = await holdOf()
    expect(hold).toMatchObject({ kind: 'parked', cause: 'token_invalid' })
    expect(hold?.reason).toMatch(/Malformed access token \[token\].*META_ACCESS_TOKEN/)
    const alarms = world.happenings.filter((one) => one.kind === 'alarm')
    expect(alarms).toMatchObject([{ code: 'lane_parked' }])
    expect(JSON.stringify(alarms)).not.toContain('EAABsecret')
  })

  it('is not forgotten by a restart: one event is tried, not a batch', async () => {
    world = await createWorld([pixel('111')], { limits: { probeMs: NEVER } })
    const ids = await world.fill(SHOP, 50)
    world.graph.behave = () => graphError(190)
    world.relay.start()
    await parked()
    await world.relay.stop(1_000)

    const restarted = world.another()
    restarted.start()
    await eventually(() => expect(world.graph.requests.at(-1)?.ids).toHaveLength(1))
    await eventually(() => expect(restarted.lanes()).toMatchObject([{ state: 'parked', cause: 'token_invalid' }]))
    world.graph.behave = () => 'accept'
    restarted.kick(SHOP)
    await world.drained()

    expectTaken(world.graph, ids)
  })

  it('stays parked when a try comes to nothing', async () => {
    world = await createWorld([pixel('111')])
    const ids = await world.fill(SHOP, 5)
    world.graph.behave = () => graphError(190)
    world.relay.start()
    await parked()

    world.graph.behave = () => ({ status: 500, body: '' })
    const before = world.graph.requests.length
    await eventually(() => expect(world.graph.requests.length).toBeGreaterThan(before + 2))
    expect(world.relay.lanes()).toMatchObject([{ state: 'parked', cause: 'token_invalid' }])
    world.graph.behave = () => 'accept'
    await world.drained()

    expectTaken(world.graph, ids)
  })

  it('flows again when the one event that was tried is bad itself', async () => {
    world = await createWorld([pixel('111')])
    const ids = await world.fill(SHOP, 5)
    world.graph.behave = () => graphError(190)
    world.relay.start()
    await parked()

    world.graph.behave = ({ ids: sent }) => (sent.includes(ids[0] ?? '') ? graphError(100) : 'accept')
    await world.drained()

    expectTaken(world.graph, ids.slice(1))
  })

  it('lets what grows too old meanwhile expire by name, and sends the rest when it is mended', async () => {
    let nowMs = Date.now()
    world = await createWorld([pixel('111')], { now: () => nowMs })
    await world.fill(SHOP, 20, { deadlineMs: nowMs + 1_000 })
    const ids = await world.fill(SHOP, 5)
    world.graph.behave = () => graphError(190)
    world.relay.start()
    await parked()

    nowMs += 2_000
    await eventually(async () => expect(await world.queue.books()).toMatchObject({ pixels: [{ expired: 20 }] }))
    expect(world.relay.lanes()).toMatchObject([{ state: 'parked' }])
    world.graph.behave = () => 'accept'
    await world.drained()

    expectTaken(world.graph, ids)
  })

  it('delays none of a hundred busy pixels, and none of its own events is lost', async () => {
    const ids = Array.from({ length: 100 }, (_, index) => String(1_000 + index))
    world = await createWorld(ids.map((id) => pixel(id)))
    const revoked = ids[50] ?? ''
    let mended = false
    world.graph.behave = ({ pixelId }) => (pixelId === revoked && !mended ? graphError(190) : 'accept')
    const kept = await world.fill({ pixelId: revoked }, 20)
    const others = (
      await Promise.all(ids.filter((id) => id !== revoked).map((pixelId) => world.fill({ pixelId }, 20)))
    ).flat()

    world.relay.start()
    await eventually(() => expectTaken(world.graph, others))
    const wasted = world.graph.requests.filter(({ pixelId }) => pixelId === revoked)
    mended = true
    await world.drained()

    expect(world.graph.requests.filter(({ pixelId }) => pixelId !== revoked)).toHaveLength(99)
    expect(wasted.slice(1).every(({ ids: sent }) => sent.length === 1)).toBe(true)
    expectTaken(world.graph, kept)
  })
})

describe('a lane whose pixel the settings do not name', () => {
  it('keeps its events without asking Meta, and flows when the pixel is added', async () => {
    world = await createWorld([], { limits: { probeMs: NEVER } })
    const ids = await world.fill(SHOP, 5)
    world.relay.start()
    await parked('pixel_not_configured')
    expect(world.graph.requests).toHaveLength(0)

    world.pixels.set(pixel('111'))
    await world.drained()

    expectTaken(world.graph, ids)
  })
})

describe('holds of other nodes', () => {
  it('are respected, and end when the other ends them', async () => {
    world = await createWorld([pixel('111')])
    const nowMs = Date.now()
    await world.queue.hold(SHOP, {
      kind: 'throttled',
      reason: 'Another node was told to wait.',
      sinceMs: nowMs,
      untilMs: nowMs + NEVER,
    })
    const ids = await world.fill(SHOP, 5)
    world.relay.start()
    await eventually(() => expect(world.relay.lanes()).toMatchObject([{ state: 'waiting', cause: 'throttled' }]))
    expect(world.graph.requests).toHaveLength(0)

    await world.queue.hold(SHOP, undefined)
    await world.drained()

    expectTaken(world.graph, ids)
  })

  it('are not believed for longer than a day: a clock may have jumped back', async () => {
    world = await createWorld([pixel('111')])
    const nowMs = Date.now()
    const year = 365 * 24 * NEVER
    await world.queue.hold(SHOP, { kind: 'throttled', reason: '', sinceMs: nowMs + year, untilMs: nowMs + year })
    await world.fill(SHOP, 1)

    world.relay.start()
    await eventually(() => expect(world.relay.lanes()).toMatchObject([{ state: 'waiting' }]))

    expect(world.relay.lanes()[0]?.untilMs).toBeLessThanOrEqual(Date.now() + 24 * NEVER)
  })
})
