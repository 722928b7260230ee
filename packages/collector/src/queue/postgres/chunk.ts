/**
 * A chunk: the events of one lane that came with one commit, as one row.
 *
 * The JSON texts stand one a line, the few facts that the relay needs beside them; both are written once and never touched again.
 */
import { refOf } from '../event-ref.js'
import type { LeasedEvent, QueuedEvent } from '../queue.js'

/** Chunks stay small enough to be read whole without harm. */
const MAX_EVENTS = 1_000
const MAX_BYTES = 512 * 1024

/** eventName, eventId, eventTimeMs, deadlineMs */
type Facts = [string, string | null, number, number]

export interface NewChunk<Event> {
  events: Event[]
  bytes: number
}

export interface ChunkRow {
  id: string
  n: number
  bytes: number
  received_ms: string
  gone: number[]
  ambiguous: Record<string, number>
  facts: string
  body: string
}

/** Cuts the events of one lane into chunks, in order. */
export function chunksOf<Event extends Pick<QueuedEvent, 'json'>>(events: readonly Event[]): NewChunk<Event>[] {
  const chunks: NewChunk<Event>[] = []
  for (const event of events) {
    const bytes = Buffer.byteLength(event.json)
    const last = chunks.at(-1)
    if (last && last.events.length < MAX_EVENTS && last.bytes + bytes <= MAX_BYTES) {
      last.events.push(event)
      last.bytes += bytes
    } else {
      chunks.push({ events: [event], bytes })
    }
  }
  return chunks
}

export function factsLine({ eventName, eventId, eventTimeMs, deadlineMs }: QueuedEvent): string {
  const facts: Facts = [eventName, eventId ?? null, eventTimeMs, deadlineMs]
  return JSON.stringify(facts)
}

export function factsText(events: readonly QueuedEvent[]): string {
  return `[${events.map(factsLine).join(',')}]`
}

export function bodyText(events: readonly QueuedEvent[]): string {
  return events.map(({ json }) => json).join('\n')
}

/** The events of a row that still wait, in order. */
export function eventsOf(row: ChunkRow): LeasedEvent[] {
  const gone = new Set(row.gone)
  const facts = JSON.parse(row.facts) as Facts[]
  const lines = row.body.split('\n')
  return facts.flatMap(([eventName, eventId, eventTimeMs, deadlineMs], index) => {
    if (gone.has(index)) return []
    const ambiguousSinceMs = row.ambiguous[index]
    return {
      ref: refOf(row.id, index),
      eventName,
      ...(eventId !== null && { eventId }),
      eventTimeMs,
      deadlineMs,
      receivedAtMs: Number(row.received_ms),
      ...(ambiguousSinceMs !== undefined && { ambiguousSinceMs }),
      json: lines[index] ?? '',
    }
  })
}
