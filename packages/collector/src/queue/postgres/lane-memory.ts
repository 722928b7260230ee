/**
 * What this node has read of a lane and not settled: which event is out, and which is free.
 *
 * The table knows only what still waits. If the lane is lost, so is this, and the new owner offers the same events again.
 */
import { parseRef } from '../event-ref.js'
import type { LeasedEvent, LeaseLimit, Verdict } from '../queue.js'
import type { OwnedLane } from './ownership.js'

interface Entry {
  event: LeasedEvent
  out: boolean
}

export class LaneMemory {
  readonly lane: OwnedLane
  /** In order. */
  #entries = new Map<string, Entry>()

  constructor(lane: OwnedLane) {
    this.lane = lane
  }

  get chunkIds(): string[] {
    return [...new Set([...this.#entries.keys()].map((ref) => parseRef(ref).chunkId))]
  }

  add(events: readonly LeasedEvent[]): void {
    if (events.length === 0) return
    // An older row can become visible after a younger one, when two nodes commit at once: order is by id, not by arrival.
    const all = [...this.#entries.values(), ...events.map((event) => ({ event, out: false }))].sort(byPlace)
    this.#entries = new Map(all.map((entry) => [entry.event.ref, entry]))
  }

  /** The oldest free events, at most as many as the limit allows. */
  free({ maxEvents, maxBytes }: LeaseLimit): LeasedEvent[] {
    const found: LeasedEvent[] = []
    let bytes = 0
    for (const { event, out } of this.#entries.values()) {
      if (out) continue
      bytes += Buffer.byteLength(event.json)
      if (found.length > 0 && (found.length >= maxEvents || bytes > maxBytes)) break
      found.push(event)
    }
    return found
  }

  takeOut(events: readonly LeasedEvent[]): void {
    for (const { ref } of events) this.#entries.get(ref)!.out = true
  }

  /** Those of these events that are out. */
  out(events: readonly LeasedEvent[]): Map<string, LeasedEvent> {
    return new Map(
      events.flatMap(({ ref }) => {
        const entry = this.#entries.get(ref)
        return entry?.out ? [[ref, entry.event]] : []
      }),
    )
  }

  leave(refs: Iterable<string>): void {
    for (const ref of refs) this.#entries.delete(ref)
  }

  /** Whatever is still here of these is free again. */
  putBack(refs: Iterable<string>): void {
    for (const ref of refs) {
      const entry = this.#entries.get(ref)
      if (entry) entry.out = false
    }
  }

  /** The first time stays. */
  rememberAmbiguous({ ref, ambiguousSinceMs }: Extract<Verdict, { kind: 'free' }>): void {
    const entry = this.#entries.get(ref)
    if (entry && ambiguousSinceMs !== undefined) entry.event.ambiguousSinceMs ??= ambiguousSinceMs
  }
}

function byPlace(a: Entry, b: Entry): number {
  const first = parseRef(a.event.ref)
  const second = parseRef(b.event.ref)
  return Number(first.chunkId) - Number(second.chunkId) || first.index - second.index
}
