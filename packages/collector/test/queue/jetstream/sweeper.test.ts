import { expect, it } from 'vitest'
import { readFacts, subjectOf, writeFacts } from '../../../src/queue/jetstream/messages.js'
import type { ChunkFacts } from '../../../src/queue/jetstream/messages.js'
import { gap } from '../../../src/queue/queue.js'
import { NOW, PretendedLog, STREAM } from './pretended-log.js'
import type { PretendedNode } from './pretended-log.js'

const LANE = { pixelId: '1' }
const DAY_MS = 86_400_000

async function deliverOne(node: PretendedNode, eventId: string): Promise<void> {
  const json = `{"event_id":"${eventId}"}`
  const event = { lane: LANE, eventName: 'Lead', eventId, eventTimeMs: NOW, deadlineMs: NOW + 1e9, json }
  await node.intake.append([event], [])
  const lease = await node.drainer.lease(LANE, { maxEvents: 10, maxBytes: 1_000 })
  await node.drainer.settle(lease!, [{ ref: lease!.events[0]!.ref, kind: 'delivered' }])
}

/** As often as it takes until nothing is left to do, each time with a sign of life before, which says how far the log stands. */
async function sweep(node: PretendedNode): Promise<void> {
  for (let times = 0; times < 4; times++) {
    await node.nodes.beat()
    await node.sweeper.sweep(node.state.pixel(LANE.pixelId))
  }
}

it('does not leave a chunk that does not count alone in the log, where the next reader would take it for one that does', async () => {
  // Brokers that keep their word, and answer after two turns.
  const log = new PretendedLog(() => 0.5)
  const node = log.startNode()
  await deliverOne(node, 'a')
  const chunks = () => [...log.messages.values()].filter(({ subject }) => subject === subjectOf(STREAM, 'e', '1'))
  const [counts] = chunks()
  // Two nodes wrote at once: the same number a second time.
  const twin = { ...readFacts<ChunkFacts>(counts!.facts), id: 'another node’s' }
  log.publish(counts!.subject, writeFacts(twin), counts!.body, undefined)
  node.read()
  expect([...node.state.pixel('1').voids.keys()]).toEqual([log.lastSeq])

  await sweep(node)
  // The note of its ids has done its time, and a newer page stands behind the twin.
  log.nowMs += 3 * DAY_MS
  await sweep(node)
  await node.drainer.giveBack()
  await sweep(node)

  const late = log.startNode().state.pixel('1').books()
  expect(late).toEqual(node.state.pixel('1').books())
  expect(late).toMatchObject({ received: 1, delivered: 1, waiting: 0 })
  expect(gap(late)).toBe(0)

  // Once another chunk follows, both of them go.
  await deliverOne(node, 'b')
  await sweep(node)
  expect(chunks().map(({ facts }) => readFacts<ChunkFacts>(facts).version)).toEqual([2])
})
