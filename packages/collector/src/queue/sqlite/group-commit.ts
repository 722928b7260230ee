/**
 * Gathers the appends that arrive while a commit is under way, and sends them as the next one: one message, one transaction, one
 * sync for all. No timer: an append waits for the commits before and for its own.
 *
 *     requests   a b     c d e f        g
 *     commits      └ ab ┘└─ cdef ─┘└─ g ─┘
 *
 * Under load the next commit already waits at the thread's door when one ends: then the thread has no break until the event loop comes
 * round and sends it more. Only one that is half as large as the one before goes ahead so, because each costs a sync.
 */
import { QueueFullError, QueueUnavailableError } from '../../errors.js'
import type { AppendResult, DropReason, Drops, LaneKey, QueuedEvent, StoredAs } from '../queue.js'
import type { Appended, FlatDrops, FlatEvents } from './append.js'

/** What one transaction takes; more go into the next. */
const MOST_COMMIT_EVENTS = 4_096
const MOST_COMMIT_CHARACTERS = 2 * 1024 * 1024

/** One at the disk, one at the door. */
const MOST_UNDER_WAY = 2
const LEAST_SHARE_TO_GO_AHEAD = 0.5

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
  let underWay = 0
  /** Of the commit that was sent last. */
  let lastRequests = 0
  let scheduled = false
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

  /** Sends what may be sent now. */
  function next(): void {
    scheduled = false
    for (let batch = batches[0]; batch !== undefined && mayGo(batch); batch = batches[0]) {
      batches.shift()
      send(batch)
    }
    if (underWay === 0) onEnd?.()
  }

  function mayGo({ requests }: Batch): boolean {
    if (underWay === 0) return true
    return underWay < MOST_UNDER_WAY && requests.length >= lastRequests * LEAST_SHARE_TO_GO_AHEAD
  }

  function send(batch: Batch): void {
    underWay++
    lastRequests = batch.requests.length
    waitingCharacters -= batch.characters
    const bytes = batch.characters + batch.requests.length * OVERHEAD_BYTES
    commit(batch.events, batch.drops, bytes).then(
      (appended) => {
        ended()
        settle(batch, appended)
      },
      (error: unknown) => {
        ended()
        for (const { reject } of batch.requests) reject(error)
      },
    )
  }

  /** The next commit is on its way before anybody reads of this one. */
  function ended(): void {
    underWay--
    next()
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

      if (!scheduled && underWay < MOST_UNDER_WAY) {
        // What else this turn of the event loop brings goes along.
        scheduled = true
        setImmediate(next)
      }
      return new Promise((resolve, reject) => batch.requests.push({ events: events.length, resolve, reject }))
    },

    end() {
      return new Promise((resolve) => {
        onEnd = resolve
        if (underWay === 0 && batches.length === 0) resolve()
      })
    },
  }
}
