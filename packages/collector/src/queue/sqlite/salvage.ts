/**
 * Saves what can be read of a damaged queue file into a new one, which takes its place.
 *
 *     queue.db  ──read row by row──►  queue.db.salvage      half done: thrown away when found at start
 *                                     queue.db.salvaged     done: takes its place, now or at the next start
 *     queue.db  ──renamed──►  queue.db.damaged-<time>       kept for whoever wants to look
 *     queue.db.salvaged  ──renamed──►  queue.db
 *
 * A kill between any two steps is continued by `finishSalvage()`. Events that were counted but cannot be read are counted as
 * dead, so that the books still balance and the loss shows.
 */
import { existsSync, rmSync, statSync } from 'node:fs'
import type { Copied } from './copy-tables.js'
import { copyTables } from './copy-tables.js'
import type { Database, OpenDatabase } from './driver.js'
import { setPragmasForBuilding } from './pragmas.js'
import { asideName, renameDatabase, syncFile } from './queue-file.js'
import { migrate } from './schema.js'
import { transplantHeader } from './transplant-header.js'

export interface Salvage extends Copied {
  /** Where the damaged file is now. */
  asidePath: string
}

/** @returns what was saved; the damaged file must be closed */
export function salvage(path: string, open: OpenDatabase, nowMs: number): Salvage {
  const building = `${path}.salvage`
  const patient = `${path}.salvage-source`
  removeDatabase(building)
  const target = open(building)
  let copied: Copied | undefined
  try {
    setPragmasForBuilding(target)
    migrate(target)
    copied = copyFrom(path, open, target)
    if (copied === undefined) {
      // Its first page cannot be read, and that says where everything is. With the new file's first page it may be.
      transplantHeader(path, building, patient)
      copied = copyFrom(patient, open, target)
    }
  } finally {
    target.close()
    removeDatabase(patient)
  }
  syncFile(building)
  renameDatabase(building, `${path}.salvaged`)
  const asidePath = finishSalvage(path, nowMs) ?? path
  return { asidePath, ...(copied ?? { savedEvents: 0, lostEvents: 0 }) }
}

/**
 * What a start finds and must put right before it opens the file: a salvage that was killed half-way, or a log without its file.
 *
 * @returns where something was set aside
 */
export function finishSalvage(path: string, nowMs: number): string | undefined {
  removeDatabase(`${path}.salvage`)
  removeDatabase(`${path}.salvage-source`)
  const isSalvaged = existsSync(`${path}.salvaged`)
  if (!isSalvaged && !isOrphanedLog(path)) return undefined

  const aside = asideName(path, nowMs)
  renameDatabase(path, aside)
  if (isSalvaged) renameDatabase(`${path}.salvaged`, path)
  return aside
}

/** Without the file, or with an empty one, SQLite would delete the log without a word. */
function isOrphanedLog(path: string): boolean {
  const sizeOf = (file: string) => statSync(file, { throwIfNoEntry: false })?.size ?? 0
  return sizeOf(path) === 0 && sizeOf(`${path}-wal`) > 0
}

function removeDatabase(path: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(path + suffix, { force: true })
}

/** @returns what was copied; `undefined` when not even the list of tables can be read */
function copyFrom(path: string, open: OpenDatabase, target: Database): Copied | undefined {
  let source
  try {
    source = open(path)
    source.prepare('SELECT id FROM chunk LIMIT 0').get()
  } catch {
    // The reason does not matter: another way is tried, or there is none.
    source?.close()
    return undefined
  }
  try {
    return copyTables(source, target)
  } finally {
    source.close()
  }
}
