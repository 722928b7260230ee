/**
 * Lets a store work while there is room, and on a full disk as far as it can:
 *
 * - The bound is reached: new events are refused until some have left.
 * - The disk is full: new events are refused. The ballast is given up, so that what is in can leave: on a full disk even deleting
 *   needs room. New events are taken when the ballast fits again.
 * - Everything else that fails is a `StoreFailure`: this store is not to be used any more.
 *
 * Nothing here waits or has a timer: it is called, and looks at the clock.
 */
import { CollectorError, QueueFullError } from '../../errors.js'
import type { Ballast } from './ballast.js'
import type { Store } from './store.js'
import type { Trouble, TroubleKind } from './trouble.js'
import { sentence, troubleOf } from './trouble.js'

export interface KeeperOptions {
  path: string
  maxBytes: number
  ballast: Ballast
  /** Someone must look. */
  alarm: (code: string, message: string) => void
  /** Something is well again. */
  note: (message: string) => void
  /** Milliseconds that only ever grow, for waiting between attempts. The time of day may jump. */
  elapsedMs: () => number
}

export interface Keeper {
  /** Runs what works on a full disk too: it reads, or makes things fewer. @throws StoreFailure */
  run<Result>(nowMs: number, work: (store: Store) => Result): Result
  /** Runs what adds `bytes`. @throws QueueFullError when there is no room, StoreFailure */
  runAdding<Result>(nowMs: number, bytes: number, work: (store: Store) => Result): Result
  /** Why new events are refused right now. */
  refusing(): TroubleKind | undefined
  close(): void
}

/** The store cannot go on. */
export class StoreFailure extends Error {
  override name = 'StoreFailure'
  readonly trouble: Trouble

  constructor(trouble: Trouble, options?: ErrorOptions) {
    super(sentence(trouble), options)
    this.trouble = trouble
  }
}

const RETRY_MS = 1_000
const MAINTENANCE_MS = 60_000
/** A full queue takes again below this part of its bound, so that it does not change its mind with every event. */
const FULL_UNTIL = 0.95

export function keeper(store: Store, { path, maxBytes, ballast, alarm, note, elapsedMs }: KeeperOptions): Keeper {
  let trouble: Trouble | undefined
  let retryAtMs = 0
  let maintainAtMs = elapsedMs() + MAINTENANCE_MS

  if (!ballast.hold()) enter({ kind: 'disk_full', message: 'There is no room for the ballast file.' })

  function enter(met: Trouble): void {
    if (trouble?.kind !== met.kind) alarm('queue_refusing', sentence(met))
    trouble = met
    retryAtMs = elapsedMs() + RETRY_MS
  }

  function leave(): void {
    trouble = undefined
    note('The queue takes events again.')
  }

  /** Puts things in order after a failure. @returns what to tell the caller */
  function fail(error: unknown): Error {
    if (error instanceof CollectorError) return error
    const met = troubleOf(error, path, 'running')
    if (met.kind !== 'disk_full') return new StoreFailure(met, { cause: error })
    ballast.release()
    enter(met)
    return new QueueFullError(sentence(met), { cause: error })
  }

  /** @throws QueueFullError when there is no room for so many bytes */
  function assertRoom(bytes: number): void {
    if (trouble?.kind === 'disk_full') {
      if (!hasRoomAgain()) throw new QueueFullError(sentence(trouble))
      leave()
    }
    if (store.usedBytes() + bytes <= maxBytes) return
    enter({ kind: 'full', message: `It holds ${store.usedBytes()} bytes and may hold ${maxBytes}.` })
    throw new QueueFullError()
  }

  /** Whether the ballast fits again: beside the file as it is, or as it can be made when events have left. */
  function hasRoomAgain(): boolean {
    if (elapsedMs() < retryAtMs) return false
    retryAtMs = elapsedMs() + RETRY_MS
    if (ballast.hold()) return true
    try {
      store.shrink(2 * ballast.bytes)
    } catch (error) {
      const failure = fail(error)
      if (failure instanceof StoreFailure) throw failure
      return false
    }
    return ballast.hold()
  }

  function leaveIfEmptier(): void {
    if (trouble?.kind === 'full' && store.usedBytes() < FULL_UNTIL * maxBytes) leave()
  }

  function maintain(nowMs: number): void {
    if (trouble !== undefined || elapsedMs() < maintainAtMs) return
    maintainAtMs = elapsedMs() + MAINTENANCE_MS
    try {
      store.maintain(nowMs)
    } catch (error) {
      const failure = fail(error)
      if (failure instanceof StoreFailure) throw failure
      return
    }
    try {
      store.giveBack()
    } catch (error) {
      note(`The queue file could not be made smaller. ${troubleOf(error, path, 'running').message}`)
    }
  }

  return {
    run(nowMs, work) {
      maintain(nowMs)
      const hadBallast = trouble?.kind !== 'disk_full'
      try {
        return work(store)
      } catch (error) {
        const failure = fail(error)
        if (!(failure instanceof QueueFullError && hadBallast)) throw failure
      }
      // The ballast has just been given up, so now there is room.
      try {
        return work(store)
      } catch (error) {
        throw fail(error)
      }
    },

    runAdding(nowMs, bytes, work) {
      maintain(nowMs)
      assertRoom(bytes)
      try {
        const result = work(store)
        leaveIfEmptier()
        return result
      } catch (error) {
        throw fail(error)
      }
    },

    refusing() {
      leaveIfEmptier()
      return trouble?.kind
    },

    close: () => store.close(),
  }
}
