import fc from 'fast-check'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { LeaseLostError } from '../../../src/errors.js'
import type { PixelState } from '../../../src/queue/jetstream/pixel-state.js'
import { gap, type LaneKey, type QueuedEvent, type Verdict } from '../../../src/queue/queue.js'
import { NOW, PretendedLog, type PretendedNode } from './pretended-log.js'

const LANES: readonly LaneKey[] = [{ pixelId: '1' }, { pixelId: '1', testEventCode: 'TEST' }, { pixelId: '2' }]
const KINDS = ['delivered', 'delivered', 'delivered', 'free', 'ambiguous', 'dead'] as const
const REASON = { cause: 'refused_by_meta', message: 'No.' }
const ALL = { maxEvents: 1_000, maxBytes: 1e6 }

type Step = { node: number; pauses: number; choice: number } & (
  | { kind: 'append'; lane: number; ids: number[] }
  | { kind: 'lease'; lane: number; maxEvents: number }
  | { kind: 'settle'; kinds: (typeof KINDS)[number][] }
  | { kind: 'sweep' | 'lag' | 'catchUp' | 'crash' | 'replay' | 'drop' }
)

const step: fc.Arbitrary<Step> = fc.record({ node: fc.nat(2), pauses: fc.nat(6), choice: fc.nat() }).chain((base) =>
  fc
    .oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          kind: fc.constant('append' as const),
          lane: fc.nat(2),
          ids: fc.array(fc.nat(60), { minLength: 1, maxLength: 4 }),
        }),
      },
      {
        weight: 6,
        arbitrary: fc.record({
          kind: fc.constant('lease' as const),
          lane: fc.nat(2),
          maxEvents: fc.integer({ min: 1, max: 5 }),
        }),
      },
      {
        weight: 6,
        arbitrary: fc.record({
          kind: fc.constant('settle' as const),
          kinds: fc.array(fc.constantFrom(...KINDS), { minLength: 5, maxLength: 5 }),
        }),
      },
      { weight: 5, arbitrary: fc.record({ kind: fc.constantFrom('sweep' as const) }) },
      {
        weight: 3,
        arbitrary: fc.record({
          kind: fc.constantFrom(
            'lag' as const,
            'catchUp' as const,
            'crash' as const,
            'replay' as const,
            'drop' as const,
          ),
        }),
      },
    )
    .map((own) => ({ ...base, ...own })),
)

interface Settlement {
  /** It was written. Otherwise nobody knows: its node crashed over it, or another one has the lane. */
  isSure: boolean
  delivered: string[]
  dead: string[]
}

const nameOf = ({ json }: { json: string }) => json

function someEvent(lane: LaneKey, id: number): QueuedEvent {
  const json = `{"pixel":"${lane.pixelId}","event_id":"${id}"}`
  return { lane, eventName: 'Lead', eventId: String(id), eventTimeMs: NOW, deadlineMs: NOW + 1e9, json }
}

const verdictOf = (ref: string, kind: (typeof KINDS)[number]): Verdict => {
  if (kind === 'ambiguous') return { ref, kind: 'free', ambiguousSinceMs: NOW }
  return kind === 'dead' ? { ref, kind, reason: REASON } : { ref, kind }
}

/** What all who read the log must agree on. */
function picture({ page, live, letters, received, waiting, ...pixel }: PixelState) {
  return {
    received,
    waiting,
    live: [...live.keys()],
    partial: [...page.partial].filter(([version]) => live.has(version)),
    letters: [...letters.values()]
      .filter(({ gone, count }) => gone.size < count)
      .map(({ seq, gone }) => [seq, [...gone].sort()]),
    owner: page.owner,
    pixelId: pixel.pixelId,
  }
}

/** Does to the nodes what the steps say, and afterwards lets everything come to an end. */
async function play(seed: number, steps: readonly Step[]) {
  const log = new PretendedLog(randomFrom(seed))
  const nodes = [log.startNode(), log.startNode(), log.startNode()]
  const acknowledged = new Set<string>()
  /** What they name need not be offered again. */
  const settlements: Settlement[] = []
  const underWay: Promise<unknown>[] = []

  async function act(node: PretendedNode, step: Step): Promise<void> {
    switch (step.kind) {
      case 'append': {
        const events = step.ids.map((id) => someEvent(LANES[step.lane]!, id))
        await node.intake.append(events, [])
        for (const event of events) acknowledged.add(nameOf(event))
        return
      }
      case 'lease': {
        const lease = await node.drainer.lease(LANES[step.lane]!, { ...ALL, maxEvents: step.maxEvents })
        if (lease) node.leases.push(lease)
        return
      }
      case 'settle': {
        const [lease] = node.leases.splice(step.choice % Math.max(1, node.leases.length), 1)
        if (lease === undefined) return
        const verdicts = lease.events.map(({ ref }, index) => verdictOf(ref, step.kinds[index]!))
        const names = (kind: string) => lease.events.filter((_, index) => step.kinds[index] === kind).map(nameOf)
        const settlement = { delivered: names('delivered'), dead: names('dead'), isSure: false }
        settlements.push(settlement)
        try {
          await node.drainer.settle(lease, verdicts)
          settlement.isSure = true
        } catch (error) {
          // It may have been written all the same, and deleted again before this node read it.
          if (!(error instanceof LeaseLostError)) throw error
        }
        return
      }
      case 'sweep':
        for (const pixel of node.state.pixels.values()) await node.sweeper.sweep(pixel)
        return
      case 'replay':
        await node.letters.replay({})
        return
      case 'drop':
        await node.letters.drop({})
        return
      case 'lag':
        return node.lag()
      case 'catchUp':
        return node.catchUp()
      case 'crash':
        node.crash()
        nodes[nodes.indexOf(node)] = log.startNode()
    }
  }

  for (const step of steps) {
    const node = nodes[step.node]!
    const acting = act(node, step)
    // Who has crashed is waited for no more.
    underWay.push(Promise.race([acting, node.crashed]))
    for (let pauses = step.pauses; pauses > 0; pauses--) await turn()
  }
  for (const node of nodes) node.catchUp()
  await Promise.all(underWay)
  for (const node of nodes) await node.drainer.giveBack()
  for (const node of nodes) node.read()
  return { log, nodes, acknowledged, settlements }
}

function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

it('whatever nodes do at the same time, and whichever crash: who begins to read now sees what all others see, and nothing acknowledged is lost', async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.array(step, { minLength: 20, maxLength: 80, size: 'max' }), async (seed, steps) => {
      const { log, nodes, acknowledged, settlements } = await play(seed, steps)
      const late = log.startNode()

      for (const node of nodes) {
        for (const [pixelId, pixel] of node.state.pixels) {
          expect(picture(late.state.pixel(pixelId))).toEqual(picture(pixel))
          expect(late.state.pixel(pixelId).books()).toEqual(pixel.books())
          expect(gap(pixel.books())).toBe(0)
        }
      }
      const delivered = [...late.state.pixels.values()].reduce((sum, { page }) => sum + page.delivered, 0)
      const said = settlements.flatMap((settlement) => settlement.delivered).length
      const surely = settlements.flatMap((settlement) => (settlement.isSure ? settlement.delivered : [])).length
      expect(delivered).toBeGreaterThanOrEqual(surely)
      expect(delivered).toBeLessThanOrEqual(said)
      const settled = new Set(settlements.flatMap((settlement) => [...settlement.delivered, ...settlement.dead]))
      const offered = new Set<string>()
      for (const lane of LANES) {
        for (;;) {
          const lease = await late.drainer.lease(lane, ALL)
          if (lease === undefined) break
          lease.events.forEach((event) => offered.add(nameOf(event)))
          await late.drainer.settle(
            lease,
            lease.events.map(({ ref }) => ({ ref, kind: 'delivered' })),
          )
        }
      }
      expect([...acknowledged].filter((name) => !settled.has(name) && !offered.has(name))).toEqual([])
      expect([late, ...nodes].flatMap(({ lost }) => lost)).toEqual([])
      for (const pixel of late.state.pixels.values()) {
        expect(pixel.waiting.size).toBe(0)
        expect(gap(pixel.books())).toBe(0)
      }
    }),
    { numRuns: 150 },
  )
}, 120_000)
