import { QueueUnavailableError } from '../errors.js'
import { RELAY_LIMITS } from '../relay/limits.js'
import type { LaneStatus, Lease, LeasedEvent, Queue, QueuedEvent } from '../queue/queue.js'
import { laneName } from '../queue/queue.js'

export interface MoveProgress {
  /** Events that the target has now and the source has no more. */
  moved: number
  /** Of these, the ones that the target knew already: from a move that was cut off, or from their senders. */
  known: number
  doneBytes: number
  totalBytes: number
}

export interface MoveOptions {
  from: Queue
  to: Pick<Queue, 'append' | 'lanes' | 'hold'>
  onProgress?: (progress: MoveProgress) => void
  /** Ends the move between two batches; what is left stays where it is. */
  signal?: AbortSignal
}

/**
 * Brings everything that waits from one queue to another, with what the lanes are held for.
 *
 * A batch leaves the source only when the target has it on stable storage. Cut off in between, it is in both: the next move appends it
 * again, and the target, which knows the ids, keeps it once. An event without an id can then arrive twice, as after every crash.
 * Dead letters and the sums of what is over stay with the source.
 *
 * @throws QueueFullError, QueueUnavailableError of either side; what was moved until then is moved
 */
export async function moveQueue({ from, to, onProgress, signal }: MoveOptions): Promise<MoveProgress> {
  const lanes = await from.lanes()
  const totalBytes = lanes.reduce((sum, { waitingBytes }) => sum + waitingBytes, 0)
  let progress: MoveProgress = { moved: 0, known: 0, doneBytes: 0, totalBytes }
  await takeHoldsAlong(lanes, to)

  for (const { lane, waitingEvents } of lanes) {
    let left = waitingEvents
    while (left > 0 && !signal?.aborted) {
      const lease = await from.lease(lane, RELAY_LIMITS)
      if (lease === undefined) {
        throw new QueueUnavailableError(`${left} events of pixel ${laneName(lane)} are in another process's hands.`)
      }
      const known = await moveLease(lease, from, to)
      left -= lease.events.length
      progress = {
        moved: progress.moved + lease.events.length,
        known: progress.known + known,
        doneBytes: progress.doneBytes + lease.events.reduce((sum, { json }) => sum + Buffer.byteLength(json), 0),
        totalBytes,
      }
      onProgress?.(progress)
    }
  }
  return progress
}

/** A parked pixel is parked at its new place too; a hold that the target has itself is newer. */
async function takeHoldsAlong(lanes: readonly LaneStatus[], to: Pick<Queue, 'lanes' | 'hold'>): Promise<void> {
  const held = new Set((await to.lanes()).filter(({ hold }) => hold).map(({ lane }) => laneName(lane)))
  for (const { lane, hold } of lanes) if (hold && !held.has(laneName(lane))) await to.hold(lane, hold)
}

/** @returns how many of them the target knew already */
async function moveLease(lease: Lease, from: Queue, to: Pick<Queue, 'append'>): Promise<number> {
  try {
    const { stored } = await to.append(lease.events.map((event) => queuedEvent(event, lease)))
    await from.settle(
      lease,
      lease.events.map(({ ref }) => ({ ref, kind: 'purged' })),
    )
    return stored.filter((how) => how === 'duplicate').length
  } catch (error) {
    // Free again, unless the source itself is what failed: then opening it anew frees them.
    await from.settle(lease, []).catch(() => undefined)
    throw error
  }
}

/** The same event for another queue. That its last attempt may have arrived becomes its deadline: it is not repeated after 47 hours. */
function queuedEvent(
  { eventName, eventId, eventTimeMs, deadlineMs, ambiguousSinceMs = Infinity, json }: LeasedEvent,
  { lane }: Lease,
): QueuedEvent {
  return {
    lane,
    eventName,
    ...(eventId !== undefined && { eventId }),
    eventTimeMs,
    deadlineMs: Math.min(deadlineMs, ambiguousSinceMs + RELAY_LIMITS.ambiguousLifetimeMs),
    json,
  }
}
