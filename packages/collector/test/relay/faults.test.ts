import { afterEach, describe, expect, it } from 'vitest'
import type { World } from './relay-world.js'
import { createWorld, IMPATIENT, eventually, expectTaken, pixel } from './relay-world.js'
import type { Behaviour } from './scripted-graph.js'
import { graphError } from './scripted-graph.js'

let world: World
afterEach(() => world.end())

const SICK = { pixelId: '111' }
const WELL = { pixelId: '222' }
const HTML = '<!doctype html><title>Sorry, something went wrong.</title>'
const usage = JSON.stringify({ 42: [{ call_count: 100, estimated_time_to_regain_access: 0.001 }] })

/** How Meta can fail, and whether the batch may have arrived all the same. */
const FAULTS: [string, Behaviour, 'once' | 'again'][] = [
  ['a connection reset before it took the batch', 'reset', 'once'],
  ['a connection reset after it took the batch', 'reset_after_taking', 'again'],
  ['no answer at all', 'hang', 'once'],
  ['an answer that drips for ever', 'drip', 'once'],
  ['half an answer', 'half_after_taking', 'again'],
  ['an answer that is not HTTP', 'garbage', 'once'],
  ['a 500', { status: 500, body: '' }, 'once'],
  ['a 502 with a page', { status: 502, body: HTML, headers: { 'content-type': 'text/html' } }, 'once'],
  ['a 200 with a page', { status: 200, body: HTML, headers: { 'content-type': 'text/html' } }, 'once'],
  ['a 200 with half of its JSON', { status: 200, body: '{"events_rec' }, 'once'],
  ['a 403 of a proxy', { status: 403, body: HTML }, 'once'],
  ['a redirect', { status: 302, body: '', headers: { location: 'https://portal.example' } }, 'once'],
  ['downtime, in words', graphError(2), 'once'],
  ['an error that passes, whatever its code', graphError(100, { is_transient: true }), 'once'],
  ['a throttle', graphError(4), 'once'],
  ['a throttle with Retry-After', { ...graphError(17), headers: { 'retry-after': '0.05' } }, 'once'],
  ['a throttle with minutes', { ...graphError(80004), headers: { 'x-business-use-case-usage': usage } }, 'once'],
  ['a 429', { status: 429, body: '', headers: { 'retry-after': '0.05' } }, 'once'],
  ['a token that is refused', graphError(190, { error_subcode: 460 }), 'once'],
  ['a permission that is missing', graphError(200), 'once'],
  ['a pixel that is wrong', graphError(100, { error_subcode: 33 }), 'once'],
  ['an app secret that is wrong', graphError(104), 'once'],
  ['a version that is gone', graphError(2635), 'once'],
]

describe('when Meta answers one pixel with', () => {
  it.each(FAULTS)('%s: nothing is lost, and the other pixel is not delayed', async (_, fault, times) => {
    const never = fault === 'hang' || fault === 'drip'
    world = await createWorld([pixel('111'), pixel('222')], never ? { limits: IMPATIENT } : {})
    const sick = await world.fill(SICK, 25)
    const well = await world.fill(WELL, 25)
    let mended = false
    world.graph.behave = ({ pixelId }) => (pixelId === SICK.pixelId && !mended ? fault : 'accept')

    world.relay.start()
    const tries = () => world.graph.requests.filter(({ pixelId }) => pixelId === SICK.pixelId).length
    await eventually(() => expect(tries()).toBeGreaterThanOrEqual(3))
    // The trouble lasts, and the other's events are there already; also those that come now.
    expectTaken(world.graph, well)
    const later = await world.fill(WELL, 3)
    await eventually(() => expectTaken(world.graph, later))
    mended = true
    await world.drained()

    expectTaken(world.graph, sick)
    if (times === 'once') for (const id of sick) expect(world.graph.taken.get(id)).toBe(1)
    expect(await world.queue.deadLetters.list({}, { limit: 1 })).toEqual([])
  })
})

describe('when Meta cannot be reached at all', () => {
  it('keeps everything, lets one lane try for all, and goes on with all when it is back', async () => {
    const ids = Array.from({ length: 40 }, (_, index) => String(1_000 + index))
    world = await createWorld(
      ids.map((id) => pixel(id)),
      { limits: { breakerCapMs: 100 } },
    )
    const events = (await Promise.all(ids.map((pixelId) => world.fill({ pixelId }, 5)))).flat()
    const port = new URL(world.graph.url).port
    await world.graph.close()

    world.relay.start()
    const failures = () => world.happenings.filter(({ kind }) => kind === 'attempted').length
    await eventually(() => expect(failures()).toBeGreaterThan(20))
    expect(world.happenings.filter((one) => one.kind === 'alarm').map(({ code }) => code)).toEqual(['meta_unreachable'])
    const whileDown = failures()
    await world.graph.reopen(Number(port))
    await world.drained()

    expectTaken(world.graph, events)
    // At first each lane that had a socket failed once; after that one request tried for all forty.
    expect(whileDown).toBeLessThan(40)
    expect(world.graph.requests).toHaveLength(ids.length)
  })
})
