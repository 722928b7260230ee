import { createSandbox } from '@pixel-mirror/sandbox'
import type { Behaviour, Sandbox, SandboxPixel } from '@pixel-mirror/sandbox'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { memoryQueue } from '../../src/queue/memory-queue.js'
import type { LaneKey, Queue, QueuedEvent } from '../../src/queue/queue.js'
import { gap } from '../../src/queue/queue.js'
import type { RelayLimits } from '../../src/relay/limits.js'
import type { Relay } from '../../src/relay/relay.js'
import { createRelay } from '../../src/relay/relay.js'
import { Secret } from '../../src/secret.js'
import type { ChangeablePixels } from './relay-world.js'
import { changeablePixels, event, eventually, IMPATIENT, pixel, QUICK } from './relay-world.js'

const SHOPS: SandboxPixel[] = ['1111111111', '2222222222', '3333333333'].map((id) => ({
  id,
  accessToken: `EAAB-token-of-${id}`,
}))
const [SHOP, ...OTHERS] = SHOPS.map(({ id }): LaneKey => ({ pixelId: id })) as [LaneKey, LaneKey, LaneKey]

let sandbox: Sandbox
let queue: Queue
let relay: Relay
let pixels: ChangeablePixels

async function open(known: SandboxPixel[] = SHOPS, limits: Partial<RelayLimits> = {}): Promise<void> {
  sandbox = createSandbox({ pixels: known })
  const { url } = await sandbox.start()
  queue = memoryQueue()
  pixels = changeablePixels(...SHOPS.map(({ id }) => pixel(id)))
  relay = createRelay({
    queue,
    pixels,
    graphUrl: url,
    apiVersion: 'v26.0',
    observe: () => undefined,
    limits: { ...QUICK, ...limits },
  })
}

/** Begins anew, with a sandbox or a relay of another kind. */
async function reopen(...how: Parameters<typeof open>): Promise<void> {
  await close()
  await open(...how)
}

async function close(): Promise<void> {
  await relay.stop(1_000)
  await sandbox.stop()
}

beforeEach(() => open())
afterEach(async () => {
  await close()
  const { pixels: pages } = await queue.books()
  expect(pages.map(gap)).toEqual(pages.map(() => 0))
})

/** An event that Meta's rules allow. */
function valid(lane: LaneKey): QueuedEvent & { eventId: string } {
  const made = event(lane)
  const json = JSON.stringify({
    event_name: 'Purchase',
    event_time: Math.floor(made.eventTimeMs / 1_000),
    event_id: made.eventId,
    action_source: 'website',
    event_source_url: 'https://shop.example/thanks',
    user_data: { em: ['a'.repeat(64)], client_ip_address: '2001:db8::7', client_user_agent: 'Mozilla/5.0' },
    custom_data: { value: 19.9, currency: 'EUR' },
  })
  return { ...made, json }
}

async function fill(lane: LaneKey, count: number): Promise<string[]> {
  const events = Array.from({ length: count }, () => valid(lane))
  await queue.append(events)
  return events.map(({ eventId }) => eventId)
}

const drained = () => eventually(async () => expect((await queue.status()).waitingEvents).toBe(0))

/** Every one of these is there, and nothing else. */
function expectArrived(ids: readonly string[]): void {
  const arrived = sandbox.received().map(({ event_id }) => event_id)
  expect([...new Set(arrived)].sort()).toEqual([...ids].sort())
}

describe('the relay and a strict stand-in for Meta', () => {
  it('agree on the request: path, token, version, events', async () => {
    const ids = (await Promise.all([SHOP, ...OTHERS].map((lane) => fill(lane, 20)))).flat()

    relay.start()
    await drained()

    expectArrived(ids)
    expect(sandbox.counts()).toMatchObject({ refusedRequests: 0, acceptedRequests: 3 })
  })

  it('agree on the proof of the app secret, and notice a wrong one', async () => {
    await reopen([{ ...SHOPS[0]!, appSecret: 's3cret' }, ...SHOPS.slice(1)])
    const ids = await fill(SHOP, 5)
    relay.start()
    await eventually(() => expect(relay.lanes()).toMatchObject([{ state: 'parked' }]))
    expect(sandbox.received()).toEqual([])

    pixels.set(pixel(SHOP.pixelId, { appSecret: new Secret('s3cret') }))
    await drained()

    expectArrived(ids)
  })

  const behaviours: Behaviour[] = [
    { kind: 'throttle', code: 4, regainMinutes: 0 },
    { kind: 'throttle', code: 80004, regainMinutes: 0 },
    { kind: 'throttle', code: 17, regainMinutes: 0, retryAfterS: 0 },
    { kind: 'server_error' },
    { kind: 'server_error', code: 1, taken: true },
    { kind: 'html' },
    { kind: 'html', status: 200 },
    { kind: 'html', status: 404, taken: true },
    { kind: 'reset' },
    { kind: 'reset', taken: true },
    { kind: 'hang' },
    { kind: 'hang', taken: true },
    { kind: 'drip' },
    { kind: 'half' },
    { kind: 'bad_token', subcode: 460 },
    { kind: 'wrong_pixel' },
    { kind: 'permission', code: 10 },
    { kind: 'deprecated_version' },
    { kind: 'graph_error', code: 100, transient: true },
    { kind: 'graph_error', code: 341 },
  ]
  it.each(behaviours)('get through $kind: nothing lost, others not delayed', async (behaviour) => {
    if (behaviour.kind === 'hang' || behaviour.kind === 'drip') await reopen(SHOPS, IMPATIENT)
    const ids = await fill(SHOP, 20)
    const others = (await Promise.all(OTHERS.map((lane) => fill(lane, 20)))).flat()
    const requests = () => sandbox.counts().requests
    const mend = sandbox.behave({ ...behaviour, pixel_id: SHOP.pixelId })

    relay.start()
    const has = (id: string) => sandbox.received().some(({ event_id }) => event_id === id)
    await eventually(() => expect(others.every(has)).toBe(true))
    await eventually(() => expect(requests()).toBeGreaterThanOrEqual(OTHERS.length + 2))
    mend()
    await drained()

    expectArrived([...ids, ...others])
    expect(await queue.deadLetters.list({}, { limit: 1 })).toEqual([])
  })

  it('part one event that breaks a rule from those that do not, and keep the words of the rule', async () => {
    const good = await fill(SHOP, 50)
    const bad = valid(SHOP)
    await queue.append([{ ...bad, json: bad.json.replace(',"currency":"EUR"', '') }])
    good.push(...(await fill(SHOP, 50)))

    relay.start()
    await drained()

    expectArrived(good)
    const letters = await queue.deadLetters.list({}, { limit: 9 })
    expect(letters).toMatchObject([{ eventId: bad.eventId, reason: { cause: 'refused_by_meta', code: 100 } }])
    expect(letters[0]?.reason.subcode).toBe(2_804_010)
  })

  it('get everything through when everything fails now and then', async () => {
    await reopen(SHOPS, IMPATIENT)
    const lanes = [SHOP, ...OTHERS]
    const ids = (await Promise.all(lanes.map((lane) => fill(lane, 300)))).flat()
    const poisoned = ids[333] ?? ''
    for (const [index, behaviour] of behaviours.entries()) {
      sandbox.behave({ ...behaviour, probability: 0.03, seed: index + 1 })
    }
    sandbox.behave({ kind: 'poison', event_id: poisoned })

    relay.start()
    for (let round = 0; round < 20; round++) ids.push(...(await fill(lanes[round % 3] ?? SHOP, 20)))
    await drained()

    expectArrived(ids.filter((id) => id !== poisoned))
    const letters = await queue.deadLetters.list({}, { limit: 9 })
    expect(letters.map(({ eventId }) => eventId)).toEqual([poisoned])
  })
})
