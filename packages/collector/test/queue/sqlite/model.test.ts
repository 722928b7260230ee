import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { QueueFullError } from '../../../src/errors.js'
import type { LaneKey, QueuedEvent } from '../../../src/queue/queue.js'
import { gap, laneName } from '../../../src/queue/queue.js'
import { StoreFailure } from '../../../src/queue/sqlite/keeper.js'
import { leasedEvents } from '../../../src/queue/sqlite/leased-events.js'
import type { Operations } from '../../../src/queue/sqlite/operations.js'
import type { Fate } from '../../../src/queue/sqlite/settle.js'
import { faultyDriver, SQLITE } from './faulty-driver.js'
import type { ModelEvent } from './queue-model.js'
import { QueueModel } from './queue-model.js'
import {
  copyFolder,
  flat,
  newFolder,
  openInProcess,
  REFUSED,
  removeFolders,
  START_MS,
  World,
} from './queue-in-process.js'
import { factsOf } from '../queue-contract.js'

/** How many histories are tried. */
const HISTORIES = Number(process.env['MODEL_HISTORIES'] ?? 25)

const LANES: LaneKey[] = [
  { pixelId: '1000000000000001' },
  { pixelId: '1000000000000002' },
  { pixelId: '1000000000000001', testEventCode: 'TEST1' },
]
const FATES: Fate[] = [
  'delivered',
  'delivered',
  'purged',
  'free',
  { ambiguousSinceMs: START_MS + 5 },
  { ambiguousSinceMs: START_MS + 9 },
  { kind: 'dead', reason: REFUSED },
  { kind: 'expired', reason: { cause: 'too_old', message: 'Seven days.' } },
]
const FAULTS = [SQLITE.full, SQLITE.ioError, SQLITE.readOnly]
const HOUR_MS = 3_600_000

const laneIndex = fc.nat(LANES.length - 1)
const anEvent = fc.record({ lane: laneIndex, id: fc.option(fc.nat(40)), lead: fc.boolean(), size: fc.nat(300) })
const few = { maxLength: 6, size: 'max' } as const
const many = { minLength: 100, maxLength: 400, size: 'max' } as const
const someEvents = fc.oneof(
  { weight: 9, arbitrary: fc.array(anEvent, few) },
  { weight: 1, arbitrary: fc.array(anEvent, many) },
)
const aLimit = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 8 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 1_000 }) },
)
const someFates = fc.array(fc.nat(FATES.length - 1), { minLength: 1, maxLength: 6, size: 'max' })

const append = fc.record({ do: fc.constant('append'), events: someEvents, bots: fc.nat(2) })
const lease = fc.record({
  do: fc.constant('lease'),
  lane: laneIndex,
  maxEvents: aLimit,
  maxBytes: fc.constantFrom(1, 400, 900, 300_000),
})
/** Each fate is for `each` events in a row, so that some chunks have one fate and others several. */
const settle = fc.record({
  do: fc.constant('settle'),
  which: fc.nat(),
  fates: someFates,
  each: fc.integer({ min: 1, max: 9 }),
})
const release = fc.record({ do: fc.constant('settle'), which: fc.nat(), fates: fc.constant([2]), each: fc.constant(1) })
const replay = fc.record({ do: fc.constant('replay'), lane: laneIndex })
const drop = fc.record({ do: fc.constant('drop'), lane: laneIndex })
const crash = fc.record({ do: fc.constant('crash') })
const restart = fc.record({ do: fc.constant('restart') })
const clock = fc.record({
  do: fc.constant('clock'),
  hours: fc.constantFrom(-200, -61, -47, -40, -13, 1, 13, 25, 40, 47, 61, 200),
})
const minute = fc.record({ do: fc.constant('minute') })
const fault = fc.record({ do: fc.constant('fault'), code: fc.constantFrom(...FAULTS), after: fc.nat(6) })

const aStep = fc.oneof(
  { weight: 10, arbitrary: append },
  { weight: 14, arbitrary: lease },
  { weight: 8, arbitrary: settle },
  { weight: 4, arbitrary: release },
  { weight: 2, arbitrary: fault },
  ...[replay, drop, crash, restart, clock, minute].map((arbitrary) => ({ weight: 1, arbitrary })),
)
type Step = typeof aStep extends fc.Arbitrary<infer Value> ? Value : never

/** A queue and its model, side by side. */
class History {
  readonly world = new World()
  readonly model = new QueueModel()
  readonly faults = faultyDriver()
  folder = newFolder()
  queue: Operations = this.#open()
  leases: { id: number; lane: LaneKey; events: ModelEvent[] }[] = []
  #events = 0

  #open(): Operations {
    return openInProcess(this.folder, this.world, { open: this.faults.open })
  }

  run(step: Step): void {
    try {
      this.#do(step)
    } catch (error) {
      // A fault that was asked for. Nothing has changed; after a failure of the store it is opened again.
      if (error instanceof StoreFailure) this.#reopen()
      else if (!(error instanceof QueueFullError)) throw error
      this.world.pass(2_000)
    }
    if (step.do !== 'fault') this.faults.heal()
    this.#compare()
  }

  #do(step: Step): void {
    const { nowMs } = this.world
    switch (step.do) {
      case 'append':
        return this.#append(
          step.events.map((one) => this.#event(one)),
          step.bots,
        )
      case 'lease':
        return this.#lease(LANES[step.lane]!, step)
      case 'settle': {
        const lease = this.leases[step.which % Math.max(1, this.leases.length)]
        if (lease === undefined) return
        const pick = (index: number) => step.fates[Math.floor(index / step.each) % step.fates.length]!
        const fates = lease.events.map((_, index) => FATES[pick(index)]!)
        this.queue.settle(lease.id, step.fates.length === 1 ? fates[0]! : fates, nowMs)
        this.leases.splice(this.leases.indexOf(lease), 1)
        return this.model.settle(lease.lane, lease.events, fates)
      }
      case 'replay': {
        const { pixelId } = LANES[step.lane]!
        const { replayed, tooOld } = this.queue.replayLetters({ pixelId }, nowMs)
        return expect({ replayed, tooOld }).toEqual(this.model.replay(pixelId, nowMs))
      }
      case 'drop': {
        const { pixelId } = LANES[step.lane]!
        return expect(this.queue.dropLetters({ pixelId }, nowMs)).toBe(this.model.dropLetters(pixelId))
      }
      case 'crash':
        return this.#reopen()
      case 'restart':
        this.queue.close()
        return this.#reopen()
      case 'clock':
        this.world.nowMs += step.hours * HOUR_MS
        return this.model.moveClock(this.world.nowMs)
      case 'minute':
        return this.world.pass(60_000)
      case 'fault':
        return this.faults.fail(step.code, step.after, 1)
    }
  }

  #event({ lane, id, lead, size }: { lane: number; id: number | null; lead: boolean; size: number }): QueuedEvent {
    const json = JSON.stringify({ number: ++this.#events, filler: 'é'.repeat(size) })
    const eventName = lead ? 'Lead' : 'Purchase'
    const { nowMs } = this.world
    const facts = { lane: LANES[lane]!, eventName, eventTimeMs: nowMs - 1, deadlineMs: nowMs + 100 * HOUR_MS, json }
    return id === null ? facts : { ...facts, eventId: `id-${id}` }
  }

  #append(events: QueuedEvent[], bots: number): void {
    const { nowMs } = this.world
    const { duplicates } = this.queue.append(flat(events), [[LANES[1]!.pixelId, 'bot', bots]], 0, nowMs)
    const known = new Set(duplicates)
    for (const [index, event] of events.entries()) {
      const expected = this.model.knows(event, nowMs)
      if (expected !== 'maybe') expect(known.has(index)).toBe(expected === 'yes')
      if (known.has(index)) this.model.drop(event.lane.pixelId, 'duplicate', 1)
      else this.model.store(event, nowMs)
    }
    this.model.drop(LANES[1]!.pixelId, 'bot', bots)
  }

  #lease(lane: LaneKey, limit: { maxEvents: number; maxBytes: number }): void {
    const leased = this.queue.lease(lane, limit, this.world.nowMs)
    const free = this.model.lane(lane).filter((event) => !event.leased)
    if (leased === undefined) return expect(free).toHaveLength(0)

    const events = leasedEvents(leased.leased)
    expect(events.length).toBeLessThanOrEqual(limit.maxEvents)
    const bytes = events.reduce((sum, { json }) => sum + Buffer.byteLength(json), 0)
    if (events.length > 1) expect(bytes).toBeLessThanOrEqual(limit.maxBytes)
    const expected = free.slice(0, events.length)
    expect(events.map(factsOf)).toEqual(
      expected.map(({ event: { lane: _, ...facts }, receivedAtMs, ambiguousSinceMs }) => ({
        ...facts,
        receivedAtMs,
        ...(ambiguousSinceMs !== undefined && { ambiguousSinceMs }),
      })),
    )
    for (const event of expected) event.leased = true
    this.leases.push({ id: leased.leaseId, lane, events: expected })
  }

  /** What a killed process leaves is what is on disk; leases are not. */
  #reopen(): void {
    this.faults.heal()
    this.folder = copyFolder(this.folder)
    this.queue = this.#open()
    this.model.crash()
    this.leases = []
  }

  #compare(): void {
    const { nowMs } = this.world
    const books = this.queue.books(nowMs)
    expect(books.map(gap)).toEqual(books.map(() => 0))
    expect(this.world.codes()).not.toContain('queue_damaged')
    for (const { pixelId, dropped, waiting, ...sums } of books) {
      const page = this.model.books.get(pixelId) ?? new Map<string, number>()
      for (const [sum, count] of Object.entries({ ...sums, ...dropped })) {
        expect(count, `${pixelId} ${sum}`).toBe(page.get(sum) ?? 0)
      }
      const lanes = [...this.model.lanes.values()].filter(({ key }) => key.pixelId === pixelId)
      expect(waiting).toBe(lanes.reduce((sum, { events }) => sum + events.length, 0))
    }
    const waiting = [...this.model.lanes.values()].filter(({ events }) => events.length > 0)
    expect(
      this.queue
        .lanes(nowMs)
        .map(({ lane, waitingEvents }) => [laneName(lane), waitingEvents])
        .sort(),
    ).toEqual(waiting.map(({ key, events }) => [laneName(key), events.length]).sort())
    const letters = this.queue.listLetters({}, { limit: 100_000 }, nowMs)
    expect(letters.map(({ json, kind, reason }) => ({ json, kind, reason }))).toEqual(
      this.model.letters.map(({ event, kind, reason }) => ({ json: event.json, kind, reason })).reverse(),
    )
  }
}

describe('the queue against its model', () => {
  afterEach(removeFolders)

  it('does the same through any history of appends, leases, verdicts, faults, crashes and clock jumps', () => {
    fc.assert(
      fc.property(fc.array(aStep, { minLength: 20, maxLength: 150, size: 'max' }), (steps) => {
        const history = new History()
        for (const step of steps) history.run(step)
        history.queue.close()
      }),
      // Shrinking takes minutes: ask for it, with the seed that was printed.
      { numRuns: HISTORIES, endOnFailure: process.env['MODEL_SHRINK'] === undefined },
    )
  }, 180_000)
})
