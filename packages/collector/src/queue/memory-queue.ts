import { QueueFullError, QueueUnavailableError } from '../errors.js'
import { matches } from './dead-letter-filter.js'
import type {
  AppendResult,
  DeadLetter,
  DropReason,
  Purge,
  LaneHold,
  LaneKey,
  Lease,
  PixelBooks,
  Queue,
  QueuedEvent,
  Verdict,
} from './queue.js'
import { emptyPage, laneName } from './queue.js'

/** How long the same (pixel, event_name, event_id) is kept once: as long as Meta itself deduplicates. */
const DEDUPLICATION_MS = 48 * 60 * 60 * 1000

interface Waiting {
  ref: string
  event: QueuedEvent
  receivedAtMs: number
  ambiguousSinceMs?: number
  lease?: Lease
}

interface Lane {
  key: LaneKey
  events: Waiting[]
  hold?: LaneHold
}

/**
 * The queue in the plainest words: what the others must do, and a fast stand-in for them in tests.
 *
 * It keeps every promise except the first: its storage is memory, and ends with the process.
 */
export function memoryQueue({ maxBytes = Infinity, now = Date.now } = {}): Queue {
  const lanes = new Map<string, Lane>()
  const books = new Map<string, PixelBooks>()
  const firstSeenMs = new Map<string, number>()
  const letters = new Map<string, { letter: DeadLetter; deadlineMs: number }>()
  const listeners = new Set<(lane: LaneKey, added?: number) => void>()
  let nextRef = 1
  let full = false
  let closed = false

  function laneOf(key: LaneKey): Lane {
    const name = laneName(key)
    let lane = lanes.get(name)
    if (lane === undefined) lanes.set(name, (lane = { key, events: [] }))
    return lane
  }

  function booksOf(pixelId: string): PixelBooks {
    let page = books.get(pixelId)
    if (page === undefined) books.set(pixelId, (page = emptyPage(pixelId)))
    return page
  }

  function drop(pixelId: string, reason: DropReason, count: number): void {
    const page = booksOf(pixelId)
    page.received += count
    page.dropped[reason] = (page.dropped[reason] ?? 0) + count
  }

  function isKnown({ lane, eventName, eventId }: QueuedEvent, atMs: number): boolean {
    if (eventId === undefined) return false
    const key = JSON.stringify([lane.pixelId, eventName, eventId])
    const seenMs = firstSeenMs.get(key)
    if (seenMs !== undefined && atMs - seenMs <= DEDUPLICATION_MS) return true
    firstSeenMs.set(key, atMs)
    return false
  }

  function enqueue(event: QueuedEvent, receivedAtMs: number): void {
    const page = booksOf(event.lane.pixelId)
    page.received++
    page.waiting++
    laneOf(event.lane).events.push({ ref: String(nextRef++), event, receivedAtMs })
  }

  function bury({ ref, event, receivedAtMs }: Waiting, kind: 'dead' | 'expired', reason: DeadLetter['reason']): void {
    const { deadlineMs, ...facts } = event
    letters.set(ref, { letter: { id: ref, kind, ...facts, receivedAtMs, diedAtMs: now(), reason }, deadlineMs })
    booksOf(event.lane.pixelId)[kind]++
  }

  function apply(verdict: Verdict | Purge, waiting: Waiting): 'stays' | 'leaves' {
    const page = booksOf(waiting.event.lane.pixelId)
    switch (verdict.kind) {
      case 'delivered':
        page.delivered++
        return 'leaves'
      case 'purged':
        page.dropped.purged = (page.dropped.purged ?? 0) + 1
        return 'leaves'
      case 'dead':
      case 'expired':
        bury(waiting, verdict.kind, verdict.reason)
        return 'leaves'
      case 'free':
        if (verdict.ambiguousSinceMs !== undefined) waiting.ambiguousSinceMs ??= verdict.ambiguousSinceMs
        return 'stays'
    }
  }

  const tell = (lane: LaneKey, added?: number) => listeners.forEach((listener) => listener(lane, added))
  const newestFirst = () => [...letters.values()].reverse()
  const bytesOf = (events: readonly { json: string }[]) =>
    events.reduce((sum, { json }) => sum + Buffer.byteLength(json), 0)
  const waitingBytes = () =>
    [...lanes.values()].reduce((sum, { events }) => sum + bytesOf(events.map(({ event }) => event)), 0)

  function assertOpen(): void {
    if (closed) throw new QueueUnavailableError('The queue is closed.')
  }

  return {
    append: (events, drops = []) =>
      settled((): AppendResult => {
        assertOpen()
        full = waitingBytes() + bytesOf(events) > maxBytes
        if (full) throw new QueueFullError()
        for (const { pixelId, reason, count } of drops) drop(pixelId, reason, count)
        const atMs = now()
        const stored = events.map((event) => {
          if (isKnown(event, atMs)) {
            drop(event.lane.pixelId, 'duplicate', 1)
            return 'duplicate'
          }
          enqueue(event, atMs)
          return 'stored'
        })
        const added = new Map<string, { lane: LaneKey; count: number }>()
        events.forEach(({ lane }, index) => {
          if (stored[index] !== 'stored') return
          const name = laneName(lane)
          added.set(name, { lane, count: (added.get(name)?.count ?? 0) + 1 })
        })
        added.forEach(({ lane, count }) => tell(lane, count))
        return { stored }
      }),

    lease: (key, { maxEvents, maxBytes: maxLeaseBytes }) =>
      settled(() => {
        assertOpen()
        const free = (lanes.get(laneName(key))?.events ?? []).filter(({ lease }) => lease === undefined)
        let bytes = 0
        const taken = free.slice(0, maxEvents).filter(({ event }, index) => {
          bytes += Buffer.byteLength(event.json)
          return index === 0 || bytes <= maxLeaseBytes
        })
        if (taken.length === 0) return undefined
        const lease: Lease = {
          lane: key,
          events: taken.map(({ ref, event: { lane: _, ...event }, receivedAtMs, ambiguousSinceMs }) => ({
            ref,
            ...event,
            receivedAtMs,
            ...(ambiguousSinceMs !== undefined && { ambiguousSinceMs }),
          })),
        }
        for (const waiting of taken) waiting.lease = lease
        return lease
      }),

    settle: (lease, verdicts) =>
      settled(() => {
        assertOpen()
        const lane = laneOf(lease.lane)
        const verdictOf = new Map(verdicts.map((verdict) => [verdict.ref, verdict]))
        const before = lane.events.length
        let freed = false
        lane.events = lane.events.filter((waiting) => {
          if (waiting.lease !== lease) return true
          delete waiting.lease
          const stays = apply(verdictOf.get(waiting.ref) ?? { ref: waiting.ref, kind: 'free' }, waiting) === 'stays'
          freed ||= stays
          return stays
        })
        booksOf(lease.lane.pixelId).waiting -= before - lane.events.length
        full &&= lane.events.length === before
        if (freed) tell(lease.lane)
      }),

    lanes: () =>
      settled(() =>
        [...lanes.values()]
          .filter(({ events, hold }) => events.length > 0 || hold !== undefined)
          .map(({ key, events, hold }) => ({
            lane: key,
            waitingEvents: events.length,
            waitingBytes: bytesOf(events.map(({ event }) => event)),
            ...(events[0] !== undefined && { oldestReceivedAtMs: events[0].receivedAtMs }),
            ...(hold !== undefined && { hold }),
          })),
      ),

    hold: (key, hold) =>
      settled(() => {
        assertOpen()
        const lane = laneOf(key)
        if (hold === undefined) delete lane.hold
        else lane.hold = hold
      }),

    onWaiting(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },

    deadLetters: {
      list: (filter, { limit, after }) =>
        settled(() => {
          const page = newestFirst()
            .map(({ letter }) => letter)
            .filter((letter) => matches(filter, letter))
          const start = after === undefined ? 0 : page.findIndex(({ id }) => id === after) + 1
          return page.slice(start, start + limit)
        }),

      replay: (filter) =>
        settled(() => {
          assertOpen()
          const meant = [...letters.values()].filter(({ letter }) => matches(filter, letter))
          const inTime = meant.filter(({ deadlineMs }) => deadlineMs > now())
          for (const { letter, deadlineMs } of inTime) {
            letters.delete(letter.id)
            enqueue(eventOf(letter, deadlineMs), now())
            booksOf(letter.lane.pixelId).replayed++
            tell(letter.lane)
          }
          return { replayed: inTime.length, tooOld: meant.length - inTime.length }
        }),

      drop: (filter) =>
        settled(() => {
          assertOpen()
          const meant = [...letters.values()].filter(({ letter }) => matches(filter, letter))
          for (const { letter } of meant) {
            letters.delete(letter.id)
            booksOf(letter.lane.pixelId).lettersDropped++
          }
          return meant.length
        }),
    },

    books: () => settled(() => ({ pixels: [...books.values()].map((page) => structuredClone(page)) })),

    status: () =>
      settled(() => {
        const waiting = [...lanes.values()].flatMap(({ events }) => events)
        return {
          waitingEvents: waiting.length,
          bytes: waitingBytes(),
          maxBytes,
          deadLetters: letters.size,
          ...(waiting.length > 0 && { oldestReceivedAtMs: Math.min(...waiting.map((one) => one.receivedAtMs)) }),
          ...(closed ? { refusing: 'closing' } : full && { refusing: 'full' }),
        }
      }),

    probe: () => settled(assertOpen),

    close: () => settled(() => void (closed = true)),
  }
}

function eventOf({ lane, eventName, eventId, eventTimeMs, json }: DeadLetter, deadlineMs: number): QueuedEvent {
  return { lane, eventName, eventTimeMs, deadlineMs, json, ...(eventId !== undefined && { eventId }) }
}

/** Runs at once; a throw becomes a rejection, as the port promises. */
function settled<Value>(run: () => Value): Promise<Value> {
  return new Promise((resolve) => resolve(run()))
}
