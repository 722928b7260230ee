import { cpSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DeathReason, LaneKey, LeasedEvent, QueuedEvent } from '../../../src/queue/queue.js'
import { DamageError } from '../../../src/queue/sqlite/damage.js'
import { leasedEvents } from '../../../src/queue/sqlite/leased-events.js'
import type { OpenDatabase } from '../../../src/queue/sqlite/driver.js'
import { loadDriver } from '../../../src/queue/sqlite/driver.js'
import type { FlatEvents } from '../../../src/queue/sqlite/append.js'
import type { Operations } from '../../../src/queue/sqlite/operations.js'
import { openFile } from '../../../src/queue/sqlite/open-file.js'
import type { Fate } from '../../../src/queue/sqlite/settle.js'

export const driver = await loadDriver()
export const START_MS = Date.UTC(2026, 0, 15, 12)
export const LIMIT = { maxEvents: 1_000, maxBytes: 900_000 }
export const REFUSED: DeathReason = { cause: 'refused_by_meta', code: 100, message: 'No.' }

/** What happens around a queue under test: its clocks, and what it said. */
export class World {
  nowMs = START_MS
  elapsedMs = 0
  readonly alarms: { code: string; message: string }[] = []
  readonly notes: string[] = []
  /** How often the queue was opened. */
  lives = 0

  codes(): string[] {
    return this.alarms.map(({ code }) => code)
  }

  /** Lets time pass on both clocks. */
  pass(ms: number): void {
    this.nowMs += ms
    this.elapsedMs += ms
  }
}

export interface Settings {
  maxBytes?: number
  ballastBytes?: number
  open?: OpenDatabase
}

/** The queue without its thread: everything happens at once, in this process. What ends the thread is thrown as StoreFailure. */
export function openInProcess(folder: string, world: World, settings: Settings = {}, damage?: string): Operations {
  const { maxBytes = 1e9, ballastBytes = 65_536, open = driver } = settings
  const options = {
    path: join(folder, 'queue.db'),
    open,
    maxBytes,
    ballastBytes,
    firstLeaseId: 1_000_000 * world.lives++,
    alarm: (code: string, message: string) => world.alarms.push({ code, message }),
    note: (message: string) => world.notes.push(message),
    elapsedMs: () => world.elapsedMs,
    ...(damage !== undefined && { damage }),
  }
  try {
    return openFile(options, world.nowMs)
  } catch (error) {
    if (!(error instanceof DamageError) || damage !== undefined) throw error
    return reopenDamaged(folder, world, settings, error.message)
  }
}

/**
 * What a new thread does after one that met damage. The files are copied first: a connection of libsql's holds its lock until
 * it is collected as garbage, which in the queue the end of the thread sees to.
 */
export function reopenDamaged(folder: string, world: World, settings: Settings, damage: string): Operations {
  renameSync(folder, `${folder}.held`)
  cpSync(`${folder}.held`, folder, { recursive: true })
  rmSync(`${folder}.held`, { recursive: true })
  return openInProcess(folder, world, settings, damage)
}

const folders: string[] = []

/** A folder of its own; `removeFolders()` removes them all. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pixel-mirror-queue-'))
  folders.push(folder)
  return folder
}

/** The files as they are at this moment: what a killed process would leave. */
export function copyFolder(from: string): string {
  const folder = newFolder()
  cpSync(from, folder, { recursive: true })
  return folder
}

export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
}

export function flat(events: readonly QueuedEvent[]): FlatEvents {
  return events.flatMap(({ lane, eventName, eventId, eventTimeMs, deadlineMs, json }) => [
    lane.pixelId,
    lane.testEventCode ?? null,
    eventName,
    eventId ?? null,
    eventTimeMs,
    deadlineMs,
    json,
  ])
}

/** Leases and settles until nothing is left; the events as they came, each told before it is settled. */
export function drain(
  queue: Operations,
  lane: LaneKey,
  world: World,
  tell: (event: LeasedEvent) => void = () => undefined,
  fate: Fate = 'delivered',
): LeasedEvent[] {
  const events: LeasedEvent[] = []
  for (;;) {
    const leased = queue.lease(lane, LIMIT, world.nowMs)
    if (leased === undefined) return events
    const some = leasedEvents(leased.leased)
    some.forEach(tell)
    events.push(...some)
    queue.settle(leased.leaseId, fate, world.nowMs)
  }
}
