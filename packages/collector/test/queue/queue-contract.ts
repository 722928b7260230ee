import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { QueueFullError, QueueUnavailableError } from '../../src/errors.js'
import { gap } from '../../src/queue/queue.js'
import type { LaneKey, Lease, LeasedEvent, Queue, QueuedEvent, Verdict } from '../../src/queue/queue.js'

/** The clock and the bound a queue under test is opened with. The contract moves the clock. */
export interface World {
  now: () => number
  maxBytes: number
}

export interface QueueUnderTest {
  queue: Queue
  /**
   * Drops the queue as a crash would and opens the same storage again; the old one is not used any more.
   * Missing where there is no storage to open again.
   */
  crash?(): Promise<Queue>
  /** Removes the storage, whatever state the queue is in. */
  discard?(): Promise<void>
}

const NOW = Date.UTC(2026, 0, 15, 12)
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const SHOP: LaneKey = { pixelId: '1000000000000001' }
const BLOG: LaneKey = { pixelId: '1000000000000002' }
const SHOP_TEST: LaneKey = { ...SHOP, testEventCode: 'TEST123' }
const ALL = { maxEvents: 10_000, maxBytes: 10_000_000 }
const REFUSED = { cause: 'refused_by_meta', code: 100, subcode: 2_804_003, message: 'No.', fbtraceId: 'AbC' }

let counter = 0

/** An event with an id of its own. */
export function someEvent(overrides: Partial<QueuedEvent> = {}): QueuedEvent {
  const eventId = `id-${++counter}`
  return {
    lane: SHOP,
    eventName: 'Purchase',
    eventId,
    eventTimeMs: NOW - 1_000,
    deadlineMs: NOW + 7 * DAY,
    json: `{"event_name":"Purchase","event_id":"${eventId}"}`,
    ...overrides,
  }
}

export const someEvents = (count: number, overrides: Partial<QueuedEvent> = {}) =>
  Array.from({ length: count }, () => someEvent(overrides))

/** What a leased event says; how it is kept is the queue's own matter. */
export function factsOf(event: LeasedEvent): Omit<LeasedEvent, 'ref' | 'place'> {
  const { eventName, eventId, eventTimeMs, deadlineMs, receivedAtMs, ambiguousSinceMs, json } = event
  return {
    eventName,
    ...(eventId !== undefined && { eventId }),
    eventTimeMs,
    deadlineMs,
    receivedAtMs,
    ...(ambiguousSinceMs !== undefined && { ambiguousSinceMs }),
    json,
  }
}

function withoutId(event: QueuedEvent): QueuedEvent {
  const { eventId: _, ...rest } = event
  return rest
}

/**
 * The promises of `queue.ts`, as tests in the same words. Every implementation runs them.
 *
 * @param durable whether the storage outlives the process: then `crash()` must be there
 */
export function queueContract(
  name: string,
  open: (world: World) => Promise<QueueUnderTest>,
  { durable }: { durable: boolean },
): void {
  describe(`the promises of a queue, kept by ${name}`, () => {
    let nowMs = NOW
    let queue: Queue
    let underTest: QueueUnderTest

    async function start(maxBytes = 50_000_000): Promise<void> {
      underTest = await open({ now: () => nowMs, maxBytes })
      queue = underTest.queue
    }

    async function crash(): Promise<void> {
      if (underTest.crash === undefined) throw new Error('A durable queue under test must be able to crash.')
      queue = await underTest.crash()
    }

    async function lease(lane = SHOP, limit: Partial<typeof ALL> = {}): Promise<Lease> {
      const leased = await queue.lease(lane, { ...ALL, ...limit })
      if (leased === undefined) throw new Error('There was nothing to lease.')
      return leased
    }

    /** Everything the lane holds, delivered; its events in order. */
    async function drain(lane = SHOP) {
      const events = []
      for (;;) {
        const leased = await queue.lease(lane, ALL)
        if (leased === undefined) return events
        events.push(...leased.events)
        await queue.settle(leased, all(leased, 'delivered'))
      }
    }

    const all = (leased: Lease, kind: 'delivered' | 'free'): Verdict[] =>
      leased.events.map(({ ref }) => ({ ref, kind }))
    const jsonOf = (events: readonly { json: string }[]) => events.map(({ json }) => json)

    async function booksOf(pixelId = SHOP.pixelId) {
      const page = (await queue.books()).pixels.find((one) => one.pixelId === pixelId)
      if (page === undefined) throw new Error(`There is no page for pixel ${pixelId}.`)
      return page
    }

    async function bury(count: number, overrides: Partial<QueuedEvent> = {}, reason = REFUSED) {
      const events = someEvents(count, overrides)
      await queue.append(events)
      const leased = await lease(overrides.lane)
      await queue.settle(
        leased,
        leased.events.map(({ ref }) => ({ ref, kind: 'dead', reason })),
      )
      return events
    }

    beforeEach(() => {
      nowMs = NOW
    })

    afterEach(async () => {
      const { pixels } = await queue.books()
      expect(pixels.map(gap)).toEqual(pixels.map(() => 0))

      await queue.close()
      await underTest.discard?.()
    })

    describe('1. when append() resolves, the events are on stable storage', () => {
      it('hands out what was appended, fact by fact', async () => {
        await start()
        const event = someEvent({ eventName: 'Lead "é" \u2028 🛒', json: '{"a":"é\u2028🛒\\n","b":[1,2]}' })

        const { stored } = await queue.append([event])
        nowMs += MINUTE
        const { lane, events } = await lease()

        expect(stored).toEqual(['stored'])
        expect(lane).toEqual(SHOP)
        const { lane: _, ...facts } = event
        expect(events.map(factsOf)).toEqual([{ ...facts, receivedAtMs: NOW }])
        expect(events[0]?.ref).toEqual(expect.any(String))
      })

      it('stores all events of one call or none, across lanes', async () => {
        await start()
        const shop = someEvents(3)
        const blog = someEvents(2, { lane: BLOG })
        const test = someEvents(1, { lane: SHOP_TEST })

        await queue.append([shop[0]!, blog[0]!, shop[1]!, test[0]!, blog[1]!, shop[2]!])

        expect(jsonOf(await drain(SHOP))).toEqual(jsonOf(shop))
        expect(jsonOf(await drain(BLOG))).toEqual(jsonOf(blog))
        expect(jsonOf(await drain(SHOP_TEST))).toEqual(jsonOf(test))
      })

      it('answers many callers at once, each for its own events', async () => {
        await start()
        const requests = Array.from({ length: 200 }, (_, index) => someEvents((index % 3) + 1))

        const answers = await Promise.all(requests.map((events) => queue.append(events)))

        expect(answers.map(({ stored }) => stored)).toEqual(requests.map((events) => events.map(() => 'stored')))
        expect((await queue.status()).waitingEvents).toBe(requests.flat().length)
      })

      it('takes an append without events', async () => {
        await start()

        expect(await queue.append([])).toEqual({ stored: [] })
        expect((await queue.status()).waitingEvents).toBe(0)
      })

      it.runIf(durable)('has them after a crash', async () => {
        await start()
        const events = [...someEvents(5), ...someEvents(2, { lane: SHOP_TEST })]
        await queue.append(events)

        await crash()

        expect(jsonOf(await drain())).toEqual(jsonOf(events.slice(0, 5)))
        expect(jsonOf(await drain(SHOP_TEST))).toEqual(jsonOf(events.slice(5)))
      })
    })

    describe('2. an event leaves the queue only by settle()', () => {
      it('forgets what was delivered', async () => {
        await start()
        await queue.append(someEvents(3))
        const leased = await lease()

        await queue.settle(leased, all(leased, 'delivered'))

        expect(await queue.lease(SHOP, ALL)).toBeUndefined()
        expect(await booksOf()).toMatchObject({ received: 3, delivered: 3, waiting: 0 })
      })

      it('buries what is dead and what is expired, with the reason', async () => {
        await start()
        const events = someEvents(3)
        await queue.append(events)
        const leased = await lease()
        const [first, second] = leased.events
        nowMs += MINUTE

        await queue.settle(leased, [
          { ref: first!.ref, kind: 'dead', reason: REFUSED },
          { ref: second!.ref, kind: 'expired', reason: { cause: 'too_old', message: 'Seven days.' } },
        ])

        const [newest, oldest] = await queue.deadLetters.list({}, { limit: 10 })
        const letters = [newest!, oldest!].sort((a, b) => a.kind.localeCompare(b.kind))
        const { deadlineMs: _, ...facts } = events[0]!
        expect(letters[0]).toEqual({
          ...facts,
          id: expect.any(String) as string,
          kind: 'dead',
          receivedAtMs: NOW,
          diedAtMs: NOW + MINUTE,
          reason: REFUSED,
        })
        expect(letters[1]).toMatchObject({ kind: 'expired', reason: { cause: 'too_old', message: 'Seven days.' } })
        expect(jsonOf((await lease()).events)).toEqual(jsonOf(events.slice(2)))
        expect(await booksOf()).toMatchObject({ received: 3, dead: 1, expired: 1, delivered: 0, waiting: 1 })
      })

      it('counts what is taken out by hand as dropped by that name, and leaves the rest where it is', async () => {
        await start()
        await queue.append(someEvents(3))
        const leased = await lease()

        await queue.settle(
          leased,
          leased.events.slice(0, 2).map(({ ref }) => ({ ref, kind: 'purged' })),
        )

        expect(await booksOf()).toMatchObject({ received: 3, delivered: 0, dropped: { purged: 2 }, waiting: 1 })
        expect(jsonOf((await lease()).events)).toEqual(jsonOf(leased.events.slice(2)))
      })

      it('changes nothing when a lease is settled a second time', async () => {
        await start()
        await queue.append(someEvents(2))
        const leased = await lease()
        await queue.settle(leased, [])
        const again = await lease()

        await queue.settle(leased, all(leased, 'delivered'))

        expect(await booksOf()).toMatchObject({ delivered: 0, waiting: 2 })
        await queue.settle(again, all(again, 'delivered'))
        expect(await booksOf()).toMatchObject({ delivered: 2, waiting: 0 })
      })

      it.runIf(durable)('offers leased events again after a crash, and settled ones not', async () => {
        await start()
        const events = someEvents(4)
        await queue.append(events)
        const leased = await lease(SHOP, { maxEvents: 2 })
        await queue.settle(leased, [{ ref: leased.events[0]!.ref, kind: 'delivered' }])
        await lease()

        await crash()

        expect(jsonOf(await drain())).toEqual(jsonOf(events.slice(1)))
      })
    })

    describe('3. leased events are offered to nobody else', () => {
      it('leases the next events while the first are out', async () => {
        await start()
        const events = someEvents(5)
        await queue.append(events)

        const first = await lease(SHOP, { maxEvents: 2 })
        const second = await lease(SHOP, { maxEvents: 2 })
        const third = await lease(SHOP, { maxEvents: 2 })

        expect(jsonOf([...first.events, ...second.events, ...third.events])).toEqual(jsonOf(events))
        expect(await queue.lease(SHOP, ALL)).toBeUndefined()
      })

      it('settles leases in any order, each with its own verdicts', async () => {
        await start()
        const events = someEvents(6)
        await queue.append(events)
        const first = await lease(SHOP, { maxEvents: 2 })
        const second = await lease(SHOP, { maxEvents: 2 })
        const third = await lease(SHOP, { maxEvents: 2 })

        await queue.settle(second, [{ ref: second.events[0]!.ref, kind: 'delivered' }])
        await queue.settle(third, all(third, 'delivered'))
        await queue.settle(first, [{ ref: first.events[1]!.ref, kind: 'delivered' }])

        expect(jsonOf(await drain())).toEqual(jsonOf([events[0]!, events[3]!]))
      })

      it.each<[string, (leased: Lease) => Verdict[]]>([
        ['a lease settled without verdicts', () => []],
        ['verdicts that say so', (leased) => all(leased, 'free')],
      ])('offers events again in their old place after %s', async (_, verdicts) => {
        await start()
        const events = someEvents(4)
        await queue.append(events)
        const leased = await lease(SHOP, { maxEvents: 2 })

        await queue.settle(leased, verdicts(leased))

        expect(jsonOf((await lease()).events)).toEqual(jsonOf(events))
      })

      it('remembers the first time an attempt ended without an answer', async () => {
        await start()
        await queue.append(someEvents(2))
        const once = await lease()
        await queue.settle(once, [{ ref: once.events[0]!.ref, kind: 'free', ambiguousSinceMs: NOW + 1 }])
        const twice = await lease()
        await queue.settle(
          twice,
          twice.events.map(({ ref }) => ({ ref, kind: 'free', ambiguousSinceMs: NOW + 2 })),
        )
        if (durable) await crash()

        const { events } = await lease()

        expect(events.map(({ ambiguousSinceMs }) => ambiguousSinceMs)).toEqual([NOW + 1, NOW + 2])
      })
    })

    describe('4. the same (pixel, event_name, event_id) is kept once within 48 hours', () => {
      it('counts later copies as duplicate, in another call and in the same', async () => {
        await start()
        const event = someEvent()

        const first = await queue.append([event, event])
        nowMs += 47 * HOUR
        const second = await queue.append([someEvent(), { ...event, json: '{"another":"text"}' }])

        expect(first.stored).toEqual(['stored', 'duplicate'])
        expect(second.stored).toEqual(['stored', 'duplicate'])
        expect(await booksOf()).toMatchObject({ received: 4, waiting: 2, dropped: { duplicate: 2 } })
      })

      it('knows an event that was delivered long ago', async () => {
        await start()
        const event = someEvent()
        await queue.append([event])
        await drain()

        expect((await queue.append([event])).stored).toEqual(['duplicate'])
      })

      it('tells apart what differs in pixel or name, and what has no id', async () => {
        await start()
        const event = someEvent()

        const { stored } = await queue.append([
          event,
          { ...event, lane: BLOG },
          { ...event, eventName: 'Lead' },
          withoutId(event),
          withoutId(event),
        ])

        expect(stored).toEqual(['stored', 'stored', 'stored', 'stored', 'stored'])
      })

      it('takes a test event for the same event as a real one', async () => {
        await start()
        const event = someEvent()

        expect((await queue.append([event, { ...event, lane: SHOP_TEST }])).stored).toEqual(['stored', 'duplicate'])
      })

      it('takes an id again after three days', async () => {
        await start()
        const event = someEvent()
        await queue.append([event])

        nowMs += 3 * DAY

        expect((await queue.append([event])).stored).toEqual(['stored'])
      })

      it.runIf(durable)('remembers across a crash', async () => {
        await start()
        const events = someEvents(300)
        for (const event of events.slice(0, 20)) await queue.append([event])
        await queue.append(events.slice(20))
        await drain()

        await crash()

        const { stored } = await queue.append([...events, someEvent()])
        expect(stored).toEqual([...events.map(() => 'duplicate'), 'stored'])
      })
    })

    describe('5. the books balance', () => {
      it('counts drops by name, with the events of the call or without', async () => {
        await start()

        await queue.append(
          [someEvent()],
          [
            { pixelId: SHOP.pixelId, reason: 'bot', count: 2 },
            { pixelId: BLOG.pixelId, reason: 'vetoed', count: 1 },
          ],
        )
        await queue.append([], [{ pixelId: SHOP.pixelId, reason: 'prefetch', count: 1 }])

        expect(await booksOf()).toMatchObject({ received: 4, waiting: 1, dropped: { bot: 2, prefetch: 1 } })
        expect(await booksOf(BLOG.pixelId)).toMatchObject({ received: 1, waiting: 0, dropped: { vetoed: 1 } })
      })

      it('adds up the lanes of a pixel', async () => {
        await start()
        await queue.append([someEvent(), someEvent({ lane: SHOP_TEST })])
        await drain(SHOP_TEST)

        expect(await booksOf()).toMatchObject({ received: 2, waiting: 1, delivered: 1 })
      })

      it.runIf(durable)('keeps them across a crash', async () => {
        await start()
        await queue.append(someEvents(3), [{ pixelId: SHOP.pixelId, reason: 'bot', count: 2 }])
        await bury(2, { lane: SHOP_TEST })
        await drain()
        await queue.append([someEvent()])
        const before = await queue.books()

        await crash()

        expect(await queue.books()).toEqual(before)
        expect(await booksOf()).toMatchObject({ received: 8, delivered: 3, dead: 2, waiting: 1, dropped: { bot: 2 } })
      })
    })

    describe('6. a full queue refuses; it never drops what it has taken', () => {
      it('refuses with QueueFullError, keeps what it has, and takes again after a delivery', async () => {
        await start(4_000_000)
        const big = () => someEvents(100, { json: JSON.stringify({ filler: 'x'.repeat(1_000) }) })
        let taken = 0
        const fill = async () => {
          for (;;) {
            await queue.append(big())
            taken += 100
          }
        }

        await expect(fill()).rejects.toThrow(QueueFullError)

        const { refusing, waitingEvents } = await queue.status()
        expect({ refusing, waitingEvents }).toEqual({ refusing: 'full', waitingEvents: taken })
        expect(await drain()).toHaveLength(taken)
        expect((await queue.append([someEvent()])).stored).toEqual(['stored'])
        expect((await queue.status()).refusing).toBeUndefined()
      })

      it('refuses with QueueUnavailableError when it is closed', async () => {
        await start()
        await queue.append([someEvent()])
        await queue.close()

        await expect(queue.append([someEvent()])).rejects.toThrow(QueueUnavailableError)

        if (durable) await crash()
        else await start()
      })
    })

    describe('7. within a lane the oldest events are offered first', () => {
      it('keeps to the limits, but always offers one', async () => {
        await start()
        const events = someEvents(6, { json: JSON.stringify('x'.repeat(98)) })
        await queue.append(events)

        const byCount = await lease(SHOP, { maxEvents: 2 })
        const byBytes = await lease(SHOP, { maxBytes: 250 })
        const atLeastOne = await lease(SHOP, { maxBytes: 1 })

        expect([byCount, byBytes, atLeastOne].map((leased) => leased.events.length)).toEqual([2, 2, 1])
      })

      it('keeps the order of many appends', async () => {
        await start()
        const events = someEvents(2_500)
        for (let index = 0; index < events.length; index += 100) await queue.append(events.slice(index, index + 100))

        expect(jsonOf(await drain())).toEqual(jsonOf(events))
      })

      it('never lets a lane wait for another', async () => {
        await start()
        await queue.append([someEvent(), someEvent({ lane: BLOG })])

        await lease(SHOP)
        await queue.hold(SHOP, { kind: 'parked', reason: 'bad token', sinceMs: NOW, untilMs: NOW + HOUR })

        expect(await drain(BLOG)).toHaveLength(1)
      })

      it('leases nothing from a lane it has never heard of', async () => {
        await start()

        expect(await queue.lease({ pixelId: '404' }, ALL)).toBeUndefined()
      })
    })

    describe('lanes', () => {
      it('lists those with waiting events, leased ones included', async () => {
        await start()
        await queue.append(someEvents(2, { json: '"12345678"' }))
        nowMs += MINUTE
        await queue.append([someEvent({ lane: SHOP_TEST, json: '"é"' })])
        await lease(SHOP)

        const lanes = await queue.lanes()

        expect(lanes).toHaveLength(2)
        expect(lanes).toContainEqual({ lane: SHOP, waitingEvents: 2, waitingBytes: 20, oldestReceivedAtMs: NOW })
        expect(lanes).toContainEqual({
          lane: SHOP_TEST,
          waitingEvents: 1,
          waitingBytes: 4,
          oldestReceivedAtMs: NOW + MINUTE,
        })
        await drain(SHOP_TEST)
        expect(await queue.lanes()).toHaveLength(1)
      })

      it('remembers a hold, also of an empty lane, until it is cleared', async () => {
        await start()
        const hold = { kind: 'parked' as const, reason: 'The token was revoked.', sinceMs: NOW, untilMs: NOW + MINUTE }
        await queue.hold(BLOG, hold)
        if (durable) await crash()

        expect(await queue.lanes()).toEqual([{ lane: BLOG, waitingEvents: 0, waitingBytes: 0, hold }])

        await queue.hold(BLOG, undefined)
        expect(await queue.lanes()).toEqual([])
      })

      it('calls back when a lane may have new events, until the listener is removed', async () => {
        await start()
        const heard: LaneKey[] = []
        const stop = queue.onWaiting((lane) => heard.push(lane))

        await queue.append([someEvent(), someEvent({ lane: SHOP_TEST })])
        expect(heard).toEqual(expect.arrayContaining([SHOP, SHOP_TEST]))

        heard.length = 0
        await queue.settle(await lease(), [])
        expect(heard).toEqual([SHOP])

        stop()
        await queue.append([someEvent()])
        expect(heard).toHaveLength(1)
      })
    })

    describe('dead letters', () => {
      it('are listed newest first, page by page', async () => {
        await start()
        const events = []
        for (let round = 0; round < 5; round++) {
          nowMs += MINUTE
          events.push(...(await bury(1)))
        }
        if (durable) await crash()

        const first = await queue.deadLetters.list({}, { limit: 2 })
        const second = await queue.deadLetters.list({}, { limit: 9, after: first[1]!.id })

        expect(jsonOf([...first, ...second])).toEqual(jsonOf(events.reverse()))
        expect((await queue.status()).deadLetters).toBe(5)
      })

      it('are found by pixel, cause, id and time of death', async () => {
        await start()
        await bury(1, { lane: SHOP_TEST })
        nowMs += MINUTE
        await bury(1, { lane: BLOG }, { ...REFUSED, cause: 'corrupt' })
        const list = async (filter: Parameters<Queue['deadLetters']['list']>[0]) =>
          (await queue.deadLetters.list(filter, { limit: 10 })).map(({ lane }) => lane)
        const [newest] = await queue.deadLetters.list({}, { limit: 1 })

        expect(await list({ pixelId: SHOP.pixelId })).toEqual([SHOP_TEST])
        expect(await list({ cause: 'corrupt' })).toEqual([BLOG])
        expect(await list({ ids: [newest!.id] })).toEqual([BLOG])
        expect(await list({ sinceMs: NOW + 1 })).toEqual([BLOG])
        expect(await list({ sinceMs: NOW + 1, pixelId: SHOP.pixelId })).toEqual([])
      })

      it('go back into their lane by replay, counted as received again; those past their deadline stay', async () => {
        await start()
        const [event] = await bury(1, { lane: SHOP_TEST })
        await bury(1, { deadlineMs: NOW + MINUTE })
        nowMs += HOUR

        const answer = await queue.deadLetters.replay({})

        expect(answer).toEqual({ replayed: 1, tooOld: 1 })
        const { events } = await lease(SHOP_TEST)
        const { lane: _, ...facts } = event!
        expect(events.map(factsOf)).toEqual([{ ...facts, receivedAtMs: NOW + HOUR }])
        expect((await queue.status()).deadLetters).toBe(1)
        expect(await booksOf()).toMatchObject({ received: 3, dead: 2, waiting: 1, replayed: 1 })
      })

      it('are deleted by drop, and stay counted', async () => {
        await start()
        await bury(2)
        await bury(1, { lane: BLOG })

        expect(await queue.deadLetters.drop({ pixelId: SHOP.pixelId })).toBe(2)

        expect(await queue.deadLetters.list({}, { limit: 10 })).toHaveLength(1)
        expect(await booksOf()).toMatchObject({ received: 2, dead: 2, lettersDropped: 2 })
      })
    })

    describe('status', () => {
      it('counts what waits, since when, and what it takes', async () => {
        await start()
        await queue.append(someEvents(2))
        nowMs += MINUTE
        await queue.append([someEvent({ lane: BLOG })])

        const status = await queue.status()

        expect(status).toMatchObject({
          waitingEvents: 3,
          oldestReceivedAtMs: NOW,
          maxBytes: 50_000_000,
          deadLetters: 0,
        })
        expect(status.bytes).toBeGreaterThan(0)
        expect(status.refusing).toBeUndefined()
      })

      it('answers a probe', async () => {
        await start()

        await expect(queue.probe()).resolves.toBeUndefined()
      })
    })
  })
}
