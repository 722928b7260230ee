/**
 * Gathers the appends that arrive while a commit is under way, and sends them as the next one: one message, one transaction, one
 * sync for all. No timer: an append waits for the commit before and for its own.
 *
 *     requests   a b     c d e f        g
 *     commits      └ ab ┘└─ cdef ─┘└─ g ─┘
 */
import { QueueFullError, QueueUnavailableError } from '../../errors.js'
import type { AppendResult, DropReason, Drops, LaneKey, QueuedEvent, StoredAs } from '../queue.js'
import type { Appended, FlatDrops, FlatEvents } from './append.js'

/** What one transaction takes; more go into the next. */
const MOST_COMMIT_EVENTS = 4_096
const MOST_COMMIT_CHARACTERS = 2 * 1024 * 1024

/** What may wait in memory for a disk that has become slow. Beyond, it is better to refuse. */
const MOST_WAITING_CHARACTERS = 32 * 1024 * 1024

/** Room that an event takes beside its JSON. */
const OVERHEAD_BYTES = 150

export interface GroupCommit {
  append(events: readonly QueuedEvent[], drops: Drops): Promise<AppendResult>
  /** Takes nothing more, and resolves when all that was taken is committed or has failed. */
  end(): Promise<void>
}

/** Everything that is sent as one commit, and who waits for it. */
interface Batch {
  events: FlatEvents
  drops: [pixelId: string, reason: DropReason, count: number][]
  characters: number
  requests: Request[]
}

interface Request {
  events: number
  resolve: (result: AppendResult) => void
  reject: (error: unknown) => void
}

export type Commit = (events: FlatEvents, drops: FlatDrops, bytes: number) => Promise<Appended>

export function groupCommit(commit: Commit, onStored: (lane: LaneKey, added: number) => void): GroupCommit {
  /** Full batches and the one being filled, in order. */
  const batches: Batch[] = []
  let waitingCharacters = 0
  let state: 'idle' | 'scheduled' | 'committing' = 'idle'
  let onEnd: (() => void) | undefined

  function room(characters: number, count: number): Batch {
    const last = batches.at(-1)
    if (
      last !== undefined &&
      last.characters + characters <= MOST_COMMIT_CHARACTERS &&
      last.requests.length + count <= MOST_COMMIT_EVENTS
    ) {
      return last
    }
    const batch: Batch = { events: [], drops: [], characters: 0, requests: [] }
    batches.push(batch)
    return batch
  }

  function next(): void {
    const batch = batches.shift()
    if (batch === undefined) {
      state = 'idle'
      onEnd?.()
      return
    }
    state = 'committing'
    waitingCharacters -= batch.characters
    const bytes = batch.characters + batch.requests.length * OVERHEAD_BYTES
    commit(batch.events, batch.drops, bytes).then(
      (appended) => {
        // The next commit is on its way before anybody reads of this one.
        next()
        settle(batch, appended)
      },
      (error: unknown) => {
        next()
        for (const { reject } of batch.requests) reject(error)
      },
    )
  }

  function settle({ requests }: Batch, { duplicates, lanes }: Appended): void {
    let first = 0
    let duplicate = 0
    for (const request of requests) {
      const stored = new Array<StoredAs>(request.events).fill('stored')
      for (; duplicate < duplicates.length && duplicates[duplicate]! < first + request.events; duplicate++) {
        stored[duplicates[duplicate]! - first] = 'duplicate'
      }
      first += request.events
      request.resolve({ stored })
    }
    for (const { key, added } of lanes) onStored(key, added)
  }

  return {
    append(events, drops) {
      if (onEnd !== undefined) return Promise.reject(new QueueUnavailableError('The queue is closing.'))
      let characters = 0
      for (const { json } of events) characters += json.length
      if (waitingCharacters + characters > MOST_WAITING_CHARACTERS) {
        return Promise.reject(new QueueFullError('The disk is too slow for what arrives.'))
      }
      waitingCharacters += characters

      const batch = room(characters, events.length)
      batch.characters += characters
      for (const { lane, eventName, eventId = null, eventTimeMs, deadlineMs, json } of events) {
        batch.events.push(lane.pixelId, lane.testEventCode ?? null, eventName, eventId, eventTimeMs, deadlineMs, json)
      }
      for (const { pixelId, reason, count } of drops) batch.drops.push([pixelId, reason, count])

      if (state === 'idle') {
        // What else this turn of the event loop brings goes along.
        state = 'scheduled'
        setImmediate(next)
      }
      return new Promise((resolve, reject) => batch.requests.push({ events: events.length, resolve, reject }))
    },

    end() {
      return new Promise((resolve) => {
        onEnd = resolve
        if (state === 'idle') resolve()
      })
    },
  }
}
