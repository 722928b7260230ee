import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { QueueUnavailableError } from '../../src/errors.js'
import type { Queue } from '../../src/queue/queue.js'
import { gap } from '../../src/queue/queue.js'
import { createDirectQueue } from '../../src/relay/direct-queue.js'
import { changeablePixels, event, IMPATIENT, pixel, QUICK } from './relay-world.js'
import type { Behaviour, ScriptedGraph } from './scripted-graph.js'
import { graphError, refusing, startGraph } from './scripted-graph.js'

const SHOP = { pixelId: '111' }
const BLOG = { pixelId: '222' }

let graph: ScriptedGraph
let queue: Queue
beforeEach(async () => {
  graph = await startGraph()
  queue = open()
})
afterEach(async () => {
  const { pixels } = await queue.books()
  expect(pixels.map(gap)).toEqual(pixels.map(() => 0))
  await queue.close()
  await graph.close()
})

const open = (timeMs = 10_000) =>
  createDirectQueue({
    pixels: changeablePixels(pixel('111'), pixel('222')),
    graphUrl: graph.url,
    apiVersion: 'v26.0',
    observe: () => undefined,
    limits: { ...QUICK, ...IMPATIENT },
    timeMs,
  })

/** Misbehaves so often, then accepts. */
const first = (times: number, behaviour: Behaviour) => () => (times-- > 0 ? behaviour : 'accept')

describe('createDirectQueue()', () => {
  it('resolves when Meta has the events, each lane in a request of its own', async () => {
    const events = [event(SHOP), event(BLOG), event(SHOP)]

    const { stored } = await queue.append(events)

    expect(stored).toEqual(['stored', 'stored', 'stored'])
    expect(graph.requests.map(({ pixelId, ids }) => [pixelId, ids])).toEqual(
      expect.arrayContaining([
        ['111', [events[0]?.eventId, events[2]?.eventId]],
        ['222', [events[1]?.eventId]],
      ]),
    )
  })

  it("names the event that Meta refused, with Meta's words, and delivers the others", async () => {
    const events = [event(SHOP), event(SHOP), event(SHOP)]
    graph.behave = refusing(new Set([events[1]?.eventId ?? '']))

    const result = await queue.append(events)

    expect(result).toMatchObject({
      stored: ['stored', 'refused', 'stored'],
      refused: [{ index: 1, reason: { code: 100, subcode: 2804009, message: '(#100) No.' } }],
    })
    expect([...graph.taken.keys()]).toEqual([events[0]?.eventId, events[2]?.eventId])
    expect(await queue.books()).toMatchObject({ pixels: [{ received: 3, delivered: 2, dead: 1 }] })
  })

  it.each<[string, Behaviour]>([
    ['a reset connection', 'reset'],
    ['a server error', { status: 502, body: '<html>' }],
    ['half an answer', 'half_after_taking'],
    ['no answer in time', 'hang'],
  ])('tries again after %s', async (_, behaviour) => {
    graph.behave = first(2, behaviour)

    const { stored } = await queue.append([event(SHOP)])

    expect(stored).toEqual(['stored'])
    expect(graph.requests).toHaveLength(3)
  })

  it('takes nothing when the token is refused, and does not ask twice', async () => {
    graph.behave = () => graphError(190)

    await expect(queue.append([event(SHOP)])).rejects.toThrow(QueueUnavailableError)

    expect(graph.requests).toHaveLength(1)
    expect(await queue.books()).toEqual({ pixels: [] })
  })

  it('takes nothing when Meta asks to wait longer than there is time', async () => {
    graph.behave = () => ({ ...graphError(4), headers: { 'retry-after': '60' } })

    await expect(queue.append([event(SHOP)])).rejects.toThrow(/throttled/)
  })

  it('gives up when the time is over', async () => {
    await queue.close()
    queue = open(500)
    graph.behave = () => ({ status: 500, body: '' })

    await expect(queue.append([event(SHOP)])).rejects.toThrow(/server_error/)

    expect(graph.requests.length).toBeGreaterThan(1)
  })
})
