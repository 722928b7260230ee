/** What the queue's thread can be asked: each a method, called by its name from the other side (`thread.ts`). */
import type {
  DeadLetter,
  DeadLetterFilter,
  LaneHold,
  LaneKey,
  LaneStatus,
  LeaseLimit,
  PixelBooks,
  QueueStatus,
} from '../queue.js'
import type { Appended, FlatDrops, FlatEvents } from './append.js'
import type { Keeper } from './keeper.js'
import type { Leased } from './leases.js'
import type { Fate } from './settle.js'

/** The bound is known on the other side. */
export type Status = Omit<QueueStatus, 'maxBytes'>

export interface Operations {
  /** @param bytes about how much room the events need */
  append(events: FlatEvents, drops: FlatDrops, bytes: number, nowMs: number): Appended
  lease(lane: LaneKey, limit: LeaseLimit, nowMs: number): { leaseId: number; leased: Leased } | undefined
  settle(leaseId: number, fates: Fate | readonly Fate[], nowMs: number): 'freed' | 'gone' | 'lost'
  hold(lane: LaneKey, hold: LaneHold | undefined, nowMs: number): void
  lanes(nowMs: number): LaneStatus[]
  books(nowMs: number): PixelBooks[]
  status(nowMs: number): Status
  listLetters(filter: DeadLetterFilter, page: { limit: number; after?: string }, nowMs: number): DeadLetter[]
  replayLetters(filter: DeadLetterFilter, nowMs: number): { replayed: number; tooOld: number; lanes: LaneKey[] }
  dropLetters(filter: DeadLetterFilter, nowMs: number): number
  probe(nowMs: number): void
  close(): void
}

export function operations(keeper: Keeper): Operations {
  return {
    append: (events, drops, bytes, nowMs) =>
      keeper.runAdding(nowMs, bytes, (store) => store.append(events, drops, nowMs)),
    lease: (lane, limit, nowMs) => keeper.run(nowMs, (store) => store.lease(lane, limit, nowMs)),
    settle: (leaseId, fates, nowMs) => keeper.run(nowMs, (store) => store.settle(leaseId, fates, nowMs)),
    hold: (lane, hold, nowMs) => keeper.run(nowMs, (store) => store.hold(lane, hold)),
    lanes: (nowMs) => keeper.run(nowMs, (store) => store.lanes()),
    books: (nowMs) => keeper.run(nowMs, (store) => store.books()),

    status(nowMs) {
      const status = keeper.run(nowMs, (store) => store.status())
      const refusing = keeper.refusing()
      return refusing === undefined ? status : { ...status, refusing }
    },

    listLetters: (filter, page, nowMs) => keeper.run(nowMs, (store) => store.listLetters(filter, page)),
    replayLetters: (filter, nowMs) => keeper.runAdding(nowMs, 0, (store) => store.replayLetters(filter, nowMs)),
    dropLetters: (filter, nowMs) => keeper.run(nowMs, (store) => store.dropLetters(filter)),
    probe: (nowMs) => keeper.runAdding(nowMs, 0, (store) => store.probe(nowMs)),
    close: () => keeper.close(),
  }
}
