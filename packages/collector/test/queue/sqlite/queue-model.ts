import type { DeathReason, DropReason, LaneKey, QueuedEvent } from '../../../src/queue/queue.js'
import { laneName } from '../../../src/queue/queue.js'
import type { Fate } from '../../../src/queue/sqlite/settle.js'

const HOUR_MS = 3_600_000

export interface ModelEvent {
  event: QueuedEvent
  receivedAtMs: number
  ambiguousSinceMs?: number
  leased: boolean
}

export interface ModelLetter {
  event: QueuedEvent
  kind: 'dead' | 'expired'
  reason: DeathReason
}

/** What a queue must be like after what was done to it, in the plainest words. */
export class QueueModel {
  readonly lanes = new Map<string, { key: LaneKey; events: ModelEvent[] }>()
  letters: ModelLetter[] = []
  readonly books = new Map<string, Map<string, number>>()
  readonly #seen = new Map<string, { atMs: number; mayBeForgotten: boolean }[]>()

  lane(key: LaneKey): ModelEvent[] {
    const name = laneName(key)
    if (!this.lanes.has(name)) this.lanes.set(name, { key, events: [] })
    return this.lanes.get(name)!.events
  }

  count(pixelId: string, what: string, count = 1): void {
    if (!this.books.has(pixelId)) this.books.set(pixelId, new Map())
    const page = this.books.get(pixelId)!
    page.set(what, (page.get(what) ?? 0) + count)
  }

  /** Whether a copy must be, may be or cannot be known. The clock may have gone either way since. */
  knows({ lane, eventName, eventId }: QueuedEvent, nowMs: number): 'yes' | 'maybe' | 'no' {
    if (eventId === undefined) return 'no'
    const times = this.#seen.get(JSON.stringify([lane.pixelId, eventName, eventId])) ?? []
    const ages = times.map(({ atMs, mayBeForgotten }) => ({ age: Math.abs(nowMs - atMs), mayBeForgotten }))
    if (ages.some(({ age, mayBeForgotten }) => age <= 48 * HOUR_MS && !mayBeForgotten)) return 'yes'
    return ages.every(({ age }) => age > 60 * HOUR_MS) ? 'no' : 'maybe'
  }

  /** The clock has moved: what is out of the window now may be forgotten for good. */
  moveClock(nowMs: number): void {
    for (const times of this.#seen.values()) {
      for (const seen of times) seen.mayBeForgotten ||= Math.abs(nowMs - seen.atMs) > 48 * HOUR_MS
    }
  }

  store(event: QueuedEvent, nowMs: number): void {
    const { lane, eventName, eventId } = event
    this.lane(lane).push({ event, receivedAtMs: nowMs, leased: false })
    this.count(lane.pixelId, 'received')
    if (eventId === undefined) return
    const key = JSON.stringify([lane.pixelId, eventName, eventId])
    this.#seen.set(key, [...(this.#seen.get(key) ?? []), { atMs: nowMs, mayBeForgotten: false }])
  }

  drop(pixelId: string, reason: DropReason, count: number): void {
    this.count(pixelId, 'received', count)
    this.count(pixelId, reason, count)
  }

  settle(key: LaneKey, events: readonly ModelEvent[], fates: readonly Fate[]): void {
    for (const [index, one] of events.entries()) {
      const fate = fates[index] ?? 'free'
      one.leased = false
      if (fate === 'free') continue
      if (fate === 'delivered' || fate === 'purged') this.count(key.pixelId, fate)
      else if ('ambiguousSinceMs' in fate) {
        one.ambiguousSinceMs ??= fate.ambiguousSinceMs
        continue
      } else {
        this.count(key.pixelId, fate.kind)
        this.letters.push({ event: one.event, kind: fate.kind, reason: fate.reason })
      }
      const lane = this.lane(key)
      lane.splice(lane.indexOf(one), 1)
    }
  }

  replay(pixelId: string, nowMs: number): { replayed: number; tooOld: number } {
    const meant = this.letters.filter(({ event }) => event.lane.pixelId === pixelId)
    const inTime = meant.filter(({ event }) => event.deadlineMs > nowMs)
    this.letters = this.letters.filter((letter) => !inTime.includes(letter))
    for (const { event } of inTime) {
      this.lane(event.lane).push({ event, receivedAtMs: nowMs, leased: false })
      this.count(pixelId, 'received')
      this.count(pixelId, 'replayed')
    }
    return { replayed: inTime.length, tooOld: meant.length - inTime.length }
  }

  dropLetters(pixelId: string): number {
    const before = this.letters.length
    this.letters = this.letters.filter(({ event }) => event.lane.pixelId !== pixelId)
    this.count(pixelId, 'lettersDropped', before - this.letters.length)
    return before - this.letters.length
  }

  /** The process is gone: nothing is leased. */
  crash(): void {
    for (const { events } of this.lanes.values()) for (const event of events) event.leased = false
  }
}
