import { afterEach, describe, expect, it } from 'vitest'
import { memoryQueue } from '../../src/queue/memory-queue.js'
import type { Queue } from '../../src/queue/queue.js'
import type { World } from './relay-world.js'
import { createWorld, IMPATIENT, eventually, expectTaken, pixel } from './relay-world.js'

let world: World
afterEach(() => world.end())

const SHOP = { pixelId: '111' }
const NEVER = 3_600_000
const sizes = () => world.graph.requests.map(({ ids }) => ids.length)

describe('a batch', () => {
  it('leaves when it is full, without waiting for its second', async () => {
    world = await createWorld([pixel('111')], { limits: { gatherMs: NEVER, maxEvents: 10, rescanMs: NEVER } })
    world.relay.start()

    const ids = [...(await world.fill(SHOP, 6)), ...(await world.fill(SHOP, 6))]
    await eventually(() => expectTaken(world.graph, ids.slice(0, 10)))

    expect(sizes()[0]).toBe(10)
  })

  it('waits for others to join it', async () => {
    world = await createWorld([pixel('111')], { limits: { gatherMs: NEVER, rescanMs: NEVER } })
    world.relay.start()
    await world.fill(SHOP, 6)

    await eventually(() => expect(world.relay.lanes()).toMatchObject([{ state: 'waiting', cause: 'gathering' }]))
    expect(sizes()).toEqual([])
    await world.fill(SHOP, 6)
    world.relay.kick(SHOP)
    await world.drained()

    expect(sizes()).toEqual([12])
  })

  it.each([
    ['the sender', { pixelId: '111', testEventCode: 'TEST1' }, {}, 'TEST1'],
    ['the pixel', SHOP, { testEventCode: 'TEST2' }, 'TEST2'],
  ])('does not wait when %s asks for Test Events', async (_, lane, more, code) => {
    world = await createWorld([pixel('111', more)], { limits: { gatherMs: NEVER, rescanMs: NEVER } })
    world.relay.start()

    await world.fill(lane, 1)
    await world.drained()

    expect(world.graph.requests).toMatchObject([{ path: '/v26.0/111/events', body: { test_event_code: code } }])
  })

  it('holds events of one lane only, each pixel with its own token', async () => {
    const lanes = [SHOP, { pixelId: '111', testEventCode: 'TEST1' }, { pixelId: '222' }]
    world = await createWorld([pixel('111'), pixel('222')])
    for (const lane of lanes) await world.fill(lane, 2)

    world.relay.start()
    await world.drained()

    const seen = world.graph.requests.map(({ pixelId, body }) => [
      pixelId,
      body['test_event_code'],
      body['access_token'],
    ])
    expect(seen.sort((a, b) => String(a).localeCompare(String(b)))).toEqual([
      ['111', undefined, 'EAAB-token-of-111'],
      ['111', 'TEST1', 'EAAB-token-of-111'],
      ['222', undefined, 'EAAB-token-of-222'],
    ])
  })

  it('goes on with full batches while there are any: at most two requests for a thousand events', async () => {
    world = await createWorld([pixel('111')])
    const ids = await world.fill(SHOP, 10_500)

    world.relay.start()
    await world.drained()

    expectTaken(world.graph, ids)
    expect(sizes().length).toBeLessThanOrEqual(12)
  })

  it('is sent while the verdicts of those before are written, of eight at most', async () => {
    const queue = memoryQueue()
    let release = (): void => undefined
    const slow = new Promise<void>((resolve) => (release = resolve))
    const settle: Queue['settle'] = (...args) => slow.then(() => queue.settle(...args))
    world = await createWorld([pixel('111')], { queue: { ...queue, settle }, limits: { maxEvents: 10 } })
    const ids = await world.fill(SHOP, 200)

    world.relay.start()
    await eventually(() => expect(world.relay.lanes()).toMatchObject([{ inFlight: 8 }]))
    await eventually(() => expect(world.graph.requests).toHaveLength(8))
    expect(await queue.books()).toMatchObject({ pixels: [{ delivered: 0, waiting: 200 }] })
    release()
    await world.drained()

    for (const id of ids) expect(world.graph.taken.get(id)).toBe(1)
  })

  it('is bounded in bytes', async () => {
    world = await createWorld([pixel('111')], { limits: { maxBytes: 10_000 } })
    const json = (id: number) => `{"event_id":"big${id}","x":"${'x'.repeat(3_000)}"}`
    for (let id = 0; id < 20; id++) await world.fill(SHOP, 1, { json: json(id) })

    world.relay.start()
    await world.drained()

    for (const { bytes } of world.graph.requests) expect(bytes).toBeLessThanOrEqual(10_200)
    expect(world.graph.taken.size).toBe(20)
  })

  it('leaves out what is too old, which would fail the others', async () => {
    world = await createWorld([pixel('111')])
    const ids = await world.fill(SHOP, 2)
    const [old] = await world.fill(SHOP, 1, { deadlineMs: Date.now() - 1 })

    world.relay.start()
    await world.drained()

    expect(world.graph.requests.map(({ ids: sent }) => sent)).toEqual([ids])
    expect(await world.queue.deadLetters.list({}, { limit: 2 })).toMatchObject([
      { eventId: old, kind: 'expired', reason: { cause: 'too_old' } },
    ])
  })
})

describe('what may have arrived', () => {
  it('is sent again with the same id, but not after 47 hours', async () => {
    const hour = 3_600_000
    let nowMs = Date.now()
    world = await createWorld([pixel('111')], { now: () => nowMs })
    const [id] = await world.fill(SHOP, 1)
    world.graph.behave = () => 'reset_after_taking'

    world.relay.start()
    await eventually(() => expect(world.graph.taken.get(id ?? '')).toBeGreaterThanOrEqual(2))
    nowMs += 46 * hour
    const before = world.graph.requests.length
    await eventually(() => expect(world.graph.requests.length).toBeGreaterThan(before))
    nowMs += hour
    await world.drained()

    expect(await world.queue.deadLetters.list({}, { limit: 2 })).toMatchObject([
      { eventId: id, kind: 'expired', reason: { cause: 'ambiguous_too_long' } },
    ])
  })

  it('is sent for all seven days when Meta refused it in words each time', async () => {
    const day = 24 * 3_600_000
    let nowMs = Date.now()
    world = await createWorld([pixel('111')], { now: () => nowMs })
    const ids = await world.fill(SHOP, 1)
    let down = true
    world.graph.behave = () => (down ? { status: 500, body: { error: { code: 2 } } } : 'accept')

    world.relay.start()
    await eventually(() => expect(world.graph.requests.length).toBeGreaterThanOrEqual(2))
    nowMs += 6 * day
    down = false
    await world.drained()

    expectTaken(world.graph, ids)
  })
})

describe('a clock that jumps', () => {
  const day = 24 * 3_600_000

  it.each([
    ['forward by three days', 3 * day],
    ['back by three days', -3 * day],
    ['back by a year', -365 * day],
  ])('%s loses nothing and stops no lane', async (_, jumpMs) => {
    let nowMs = Date.now()
    world = await createWorld([pixel('111'), pixel('222')], { now: () => nowMs, limits: IMPATIENT })
    const ids = [...(await world.fill(SHOP, 3)), ...(await world.fill({ pixelId: '222' }, 3))]
    let down = true
    world.graph.behave = ({ pixelId }) => (!down ? 'accept' : pixelId === '111' ? { status: 500, body: '' } : 'hang')

    world.relay.start()
    await eventually(() => expect(world.graph.requests.length).toBeGreaterThanOrEqual(4))
    nowMs += jumpMs
    down = false
    ids.push(...(await world.fill(SHOP, 3, { eventTimeMs: nowMs })))
    await eventually(async () => {
      const { pixels } = await world.queue.books()
      expect(pixels.map(({ waiting }) => waiting)).toEqual([0, 0])
    })

    const dead = (await world.queue.deadLetters.list({}, { limit: 100 })).map(({ eventId }) => eventId ?? '')
    expectTaken(
      world.graph,
      ids.filter((id) => !dead.includes(id)),
    )
    // Three days on, what had been sent without an answer is too uncertain to repeat: it dies by name.
    if (jumpMs < 0) expect(dead).toEqual([])
    for (const letter of await world.queue.deadLetters.list({}, { limit: 100 })) {
      expect(letter.reason.cause).toBe('ambiguous_too_long')
    }
  })

  it('far forward lets nothing expire that Meta would still take, and calls somebody once', async () => {
    let nowMs = Date.now()
    world = await createWorld([pixel('111')], { now: () => nowMs, limits: { maxEvents: 2 } })
    const rightMs = nowMs
    world.graph.dateMs = () => rightMs
    const before = await world.fill(SHOP, 6)

    world.relay.start()
    await world.drained()
    nowMs += 8 * day
    const ids = await world.fill(SHOP, 6, { eventTimeMs: rightMs })
    await world.drained()

    expectTaken(world.graph, [...before, ...ids])
    expect(world.happenings.filter(({ kind }) => kind === 'alarm')).toMatchObject([
      { code: 'clock_wrong', message: expect.stringMatching(/691\d{3} seconds ahead of Meta's.*NTP/) as string },
    ])
  })

  it('that was wrong from the start is found out by the first answers: what comes after them does not expire', async () => {
    const rightMs = Date.now()
    world = await createWorld([pixel('111')], { now: () => rightMs + 8 * day, limits: { maxEvents: 2 } })
    world.graph.dateMs = () => rightMs
    const fresh = await world.fill(SHOP, 8, { eventTimeMs: rightMs + 8 * day })
    const ids = await world.fill(SHOP, 6, { eventTimeMs: rightMs })

    world.relay.start()
    await world.drained()

    expectTaken(world.graph, [...fresh, ...ids])
  })
})
