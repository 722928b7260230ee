import type { Issue } from '@pixel-mirror/common'
import type { Observe } from '../observer.js'
import type { AppendResult, DropReason, Drops, Queue, QueuedEvent } from '../queue/queue.js'
import type { MatchData } from './match-memory.js'
import type { PipelineOptions } from './pipeline-options.js'
import { prepareBatch } from './prepare-batch.js'
import type { Identity, Prepared, Received } from './received.js'

/** One reason why one event was not taken. An event with several reasons has several entries. */
export interface Rejection extends Issue {
  /** The event's place in the body. */
  index: number
  event_id?: string
}

export type IngestResult =
  | {
      kind: 'ingested'
      /** Events that were taken: stored, known already, or left out by name. Once this is told, they cannot be lost. */
      eventsReceived: number
      rejected: Rejection[]
      /** The visitor's ids for `renewedCookies()`, from the newest event that has them. */
      identity: Identity
    }
  | { kind: 'not_an_event'; issues: Issue[] }

export interface IngestParts {
  pipeline: PipelineOptions
  queue: Pick<Queue, 'append'>
  observe: Observe
}

/**
 * Everything that happens to a request between the socket and the disk.
 *
 * Not `async` itself: such a function keeps its arguments until it is done, and the collector of garbage would carry the bodies of all
 * requests that wait for the disk from place to place.
 *
 * @throws QueueFullError, QueueUnavailableError: nothing of the request was taken; it may come again
 */
export function ingest(body: unknown, received: Received, parts: IngestParts): Promise<IngestResult> {
  const batch = prepareBatch(body, received, parts.pipeline)
  return batch.kind === 'not_an_event' ? Promise.resolve(batch) : store(batch.prepared, received, parts)
}

async function store(prepared: Prepared[], received: Received, parts: IngestParts): Promise<IngestResult> {
  const ready = prepared.filter((one) => one.kind === 'ready')
  const events = ready.map(({ event }) => event)
  const { stored, refused = [] } = await append(events, dropsOf(prepared), parts.queue)
  parts.observe({ kind: 'ingested', received, prepared, stored })

  const rejected = [...rejections(prepared), ...refusals(prepared, refused)]
  const indexes = new Set(rejected.map(({ index }) => index))
  return { kind: 'ingested', eventsReceived: prepared.length - indexes.size, rejected, identity: identityOf(ready) }
}

function append(
  events: QueuedEvent[],
  drops: Drops,
  queue: IngestParts['queue'],
): AppendResult | Promise<AppendResult> {
  return events.length === 0 && drops.length === 0 ? { stored: [] } : queue.append(events, drops)
}

function dropsOf(prepared: readonly Prepared[]): Drops {
  const counts = new Map<string, { pixelId: string; reason: DropReason; count: number }>()
  for (const one of prepared) {
    if (one.kind !== 'dropped') continue
    const key = `${one.pixelId} ${one.reason}`
    const drop = counts.get(key)
    if (drop === undefined) counts.set(key, { pixelId: one.pixelId, reason: one.reason, count: 1 })
    else drop.count++
  }
  return [...counts.values()]
}

function rejections(prepared: readonly Prepared[]): Rejection[] {
  return prepared.flatMap((one, index) =>
    one.kind === 'rejected' ? one.issues.map((issue) => ({ index, ...eventId(one.eventId), ...issue })) : [],
  )
}

/** What a queue without storage (`direct:`) heard from Meta while we waited. Its indexes count the ready events only. */
function refusals(prepared: readonly Prepared[], refused: NonNullable<AppendResult['refused']>): Rejection[] {
  if (refused.length === 0) return []
  const ready = prepared.flatMap((one, index) => (one.kind === 'ready' ? [{ index, eventId: one.event.eventId }] : []))
  return refused.flatMap(({ index: place, reason }) => {
    const event = ready[place]
    return event === undefined
      ? []
      : [{ index: event.index, ...eventId(event.eventId), code: reason.cause, path: '', message: reason.message }]
  })
}

function eventId(id: string | undefined): { event_id?: string } {
  return id === undefined ? {} : { event_id: id }
}

function identityOf(ready: readonly Extract<Prepared, { kind: 'ready' }>[]): Identity {
  const newest: Identity = {}
  const matchMemory = new Map<string, MatchData>()
  for (const { identity, matchData, event } of ready) {
    newest.fbp = identity?.fbp ?? newest.fbp
    newest.fbc = identity?.fbc ?? newest.fbc
    if (matchData !== undefined) matchMemory.set(event.lane.pixelId, matchData)
  }
  if (matchMemory.size > 0) newest.matchMemory = matchMemory
  return newest
}
