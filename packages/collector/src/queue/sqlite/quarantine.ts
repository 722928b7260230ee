import { MOST_CHUNK_EVENTS } from './chunk.js'
import type { ChunkHeader, Chunks } from './chunks.js'
import { textOf } from './columns.js'
import { DamageError } from './damage.js'
import type { Lane } from './lanes.js'
import type { Letters } from './letters.js'
import type { Transact } from './transaction.js'

/** @throws DamageError when the row does not even say how many events are lost */
export type Quarantine = (lane: Lane, corrupt: ChunkHeader, nowMs: number) => void

/**
 * A chunk that is not what was written never leaves; it becomes one dead letter, and its events count as dead.
 *
 * @param alarm someone must look
 */
export function quarantining(
  chunks: Chunks,
  letters: Letters,
  transact: Transact,
  alarm: (code: string, message: string) => void,
): Quarantine {
  return function quarantine(lane, { id, events, bytes }, nowMs) {
    if (events < 1 || events > MOST_CHUNK_EVENTS) throw new DamageError(`Chunk ${id} cannot hold ${events} events.`)
    const row = chunks.read(id)
    const message = `A chunk of ${events} events is not what was written. None of them was sent.`
    transact((transaction) => {
      chunks.remove(transaction, lane, { firstId: id, lastId: id, events, bytes })
      letters.insert(transaction, {
        lane: lane.key,
        kind: 'dead',
        // The deadline has passed: what is corrupt is never replayed.
        event: { index: 0, eventName: '', eventId: null, eventTimeMs: 0, deadlineMs: 0, ambiguousSinceMs: 0 },
        receivedAtMs: row?.receivedAtMs ?? 0,
        diedAtMs: nowMs,
        reason: { cause: 'corrupt', message },
        json: row === undefined ? '' : textOf(row.body),
      })
      transaction.add(lane, 'dead', events - 1)
      transaction.add(lane, 'letters_dropped', events - 1)
    })
    alarm('queue_damaged', message)
  }
}
