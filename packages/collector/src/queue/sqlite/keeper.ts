/**
 * Keeps a store open, and decides what its failures mean:
 *
 * | What fails                | Then |
 * | ------------------------- | ---- |
 * | the disk is full          | refuse new events, give up the ballast so that the rest goes on; take again when there is room |
 * | it is read-only, or away  | refuse everything; open again when asked, at most once a second |
 * | the file is damaged       | set it aside, save what can be read, go on with that; alarm |
 * | the bound is reached      | refuse new events until some have left |
 *
 * Nothing here waits or has a timer: it is called, and looks at the clock.
 */
import { CollectorError, QueueFullError, QueueUnavailableError } from '../../errors.js'
import type { Ballast } from './ballast.js'
import { ballast as ballastFile } from './ballast.js'
import { DamageError } from './damage.js'
import type { Database, OpenDatabase } from './driver.js'
import { sqliteCode } from './driver.js'
import { removeOwner } from './owner.js'
import { isDiskFull, openQueueFile, warningAbout } from './queue-file.js'
import { finishSalvage, salvage } from './salvage.js'
import type { Store, StoreOptions } from './store.js'
import { openStore } from './store.js'

export interface KeeperOptions extends StoreOptions {
  path: string
  open: OpenDatabase
  ballastBytes: number
  /** Milliseconds that only ever grow, for waiting between attempts. The time of day may jump. */
  elapsedMs: () => number
}

export interface Keeper {
  /** Runs what must not fail for want of room: it makes things fewer. */
  run<Result>(nowMs: number, work: (store: Store) => Result): Result
  /** Runs what adds `bytes`. @throws QueueFullError when there is no room */
  runAdding<Result>(nowMs: number, bytes: number, work: (store: Store) => Result): Result
  /** Why new events are refused right now. */
  refusing(): string | undefined
  close(): void
}

const RETRY_MS = 1_000
const MAINTENANCE_MS = 60_000

/** SQLite's primary result codes that mean something. Every other one closes the file, to be opened again. */
const MEANINGS: Record<number, Trouble['kind']> = {
  8: 'read_only',
  11: 'damaged',
  13: 'disk_full',
  26: 'damaged',
}

interface Trouble {
  kind: 'full' | 'disk_full' | 'read_only' | 'unreachable' | 'damaged'
  message: string
}

/** @throws QueueInUseError | QueueUnavailableError when it cannot be opened now */
export function keeper({ path, open, maxBytes, ballastBytes, alarm, elapsedMs }: KeeperOptions, nowMs: number): Keeper {
  const ballast: Ballast = ballastFile(`${path}.ballast`, ballastBytes)
  let db: Database | undefined
  let store: Store | undefined
  let trouble: Trouble | undefined
  let retryAtMs = 0
  let maintainAtMs = elapsedMs() + MAINTENANCE_MS

  openAll(nowMs)
  const warning = warningAbout(path)
  if (warning !== undefined) alarm('queue_on_unsafe_disk', warning)
  if (!ballast.hold()) enter({ kind: 'disk_full', message: 'There is no room for the ballast file.' })

  function openAll(nowMs: number): void {
    const aside = finishSalvage(path, nowMs)
    if (aside !== undefined) alarm('queue_damaged', `The queue file was damaged; it lies at ${aside}.`)
    try {
      openOnce(nowMs)
    } catch (error) {
      letGo()
      const { kind, message } = meaningOf(error)
      if (kind === 'damaged') repair(nowMs, message)
      else throw error instanceof CollectorError ? error : new QueueUnavailableError(message, { cause: error })
    }
  }

  function openOnce(nowMs: number): void {
    db = openQueueFile(path, open, nowMs)
    store = openStore(db, { maxBytes, alarm })
  }

  function repair(nowMs: number, message: string): void {
    const { asidePath, savedEvents, lostEvents } = salvage(path, open, nowMs)
    alarm(
      'queue_damaged',
      `The queue file was damaged (${message}); it lies at ${asidePath}. ${savedEvents} events were saved, ${lostEvents} are lost.`,
    )
    openOnce(nowMs)
  }

  /** Drops the connection whatever state it is in. */
  function letGo(): void {
    try {
      db?.close()
    } catch {
      // It is broken already, which is why it is let go.
    }
    db = undefined
    store = undefined
  }

  function enter(next: Trouble): void {
    if (trouble?.kind !== next.kind) alarm('queue_refusing', `${NAMES[next.kind]} ${next.message}`)
    trouble = next
    retryAtMs = elapsedMs() + RETRY_MS
  }

  function meaningOf(error: unknown): Trouble {
    const message = error instanceof Error ? error.message : String(error)
    if (error instanceof DamageError) return { kind: 'damaged', message }
    const code = sqliteCode(error)
    const kind = MEANINGS[(code ?? 0) & 0xff] ?? 'unreachable'
    if (kind !== 'unreachable') return { kind, message }
    return { kind: hasNoRoom() ? 'disk_full' : 'unreachable', message }
  }

  function hasNoRoom(): boolean {
    try {
      return isDiskFull(path)
    } catch {
      // The folder itself is away.
      return false
    }
  }

  /** The open store, if need be opened again. */
  function opened(nowMs: number): Store {
    if (store !== undefined) return store
    if (elapsedMs() < retryAtMs) throw unavailable()
    try {
      openAll(nowMs)
    } catch (error) {
      enter(error instanceof CollectorError ? { kind: 'unreachable', message: error.message } : meaningOf(error))
      throw unavailable(error)
    }
    trouble = undefined
    if (store === undefined) throw unavailable()
    return store
  }

  const unavailable = (cause?: unknown) =>
    new QueueUnavailableError(`The queue cannot be used: ${trouble?.message ?? 'it is closed.'}`, { cause })

  /** What a failure of the store means for the caller. The store is closed, repaired or left open accordingly. */
  function fail(error: unknown, nowMs: number): CollectorError {
    if (error instanceof CollectorError) return error
    const met = meaningOf(error)
    if (met.kind === 'disk_full') {
      ballast.release()
      enter(met)
      return new QueueFullError('The disk is full.', { cause: error })
    }
    letGo()
    if (met.kind === 'damaged') {
      try {
        repair(nowMs, met.message)
        return new QueueUnavailableError('The queue file was damaged and has been repaired. Ask again.', {
          cause: error,
        })
      } catch (failure) {
        enter({ kind: 'unreachable', message: meaningOf(failure).message })
        return unavailable(failure)
      }
    }
    enter(met)
    return unavailable(error)
  }

  function maintain(nowMs: number): void {
    if (store === undefined || trouble !== undefined || elapsedMs() < maintainAtMs) return
    maintainAtMs = elapsedMs() + MAINTENANCE_MS
    try {
      store.maintain(nowMs)
    } catch (error) {
      fail(error, nowMs)
    }
  }

  /** A disk that was full counts as such until the ballast fits again. */
  function leaveDiskFull(): void {
    if (trouble?.kind !== 'disk_full') return
    if (elapsedMs() >= retryAtMs && ballast.hold()) trouble = undefined
    else {
      if (elapsedMs() >= retryAtMs) retryAtMs = elapsedMs() + RETRY_MS
      throw new QueueFullError('The disk is full.')
    }
  }

  return {
    run(nowMs, work) {
      maintain(nowMs)
      const hadBallast = trouble?.kind !== 'disk_full'
      try {
        return work(opened(nowMs))
      } catch (error) {
        const failure = fail(error, nowMs)
        // The ballast has just been given up: now there is room for this one.
        if (trouble?.kind === 'disk_full' && hadBallast) return work(opened(nowMs))
        throw failure
      }
    },

    runAdding(nowMs, bytes, work) {
      maintain(nowMs)
      const current = opened(nowMs)
      leaveDiskFull()
      if (current.usedBytes() + bytes > maxBytes) {
        enter({ kind: 'full', message: `It holds ${current.usedBytes()} of at most ${maxBytes} bytes.` })
        throw new QueueFullError()
      }
      try {
        const result = work(current)
        trouble = undefined
        return result
      } catch (error) {
        throw fail(error, nowMs)
      }
    },

    refusing() {
      if (trouble?.kind === 'full' && store !== undefined && store.usedBytes() < 0.95 * maxBytes) trouble = undefined
      return trouble?.kind
    },

    close() {
      try {
        store?.close()
      } catch {
        // Everything acknowledged is in the file or its log; the next start reads both.
        letGo()
      }
      removeOwner(path)
    },
  }
}

const NAMES: Record<Trouble['kind'], string> = {
  full: 'The queue is full.',
  disk_full: 'The disk is full.',
  read_only: 'The disk is read-only.',
  unreachable: 'The queue cannot be reached.',
  damaged: 'The queue file is damaged.',
}
