/** The file itself: where it lies, who may read it, who has it. */
import { closeSync, existsSync, fsyncSync, openSync, renameSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Database, OpenDatabase } from './driver.js'
import { sqliteCode } from './driver.js'
import { inUseError, signOwner } from './owner.js'
import { layOut, lock, setPragmas } from './pragmas.js'
import { createPrivateFile, makePrivate } from './private-file.js'
import { assertOurs, migrate } from './schema.js'

const SQLITE_BUSY = 5

/** File systems a queue should not be on, by the number the kernel gives them. */
const BAD_FILE_SYSTEMS: Record<number, string> = {
  0x6969: 'NFS: its locks and syncs cannot be relied on',
  0xff534d42: 'a Windows share: its locks and syncs cannot be relied on',
  0xfe534d42: 'a Windows share: its locks and syncs cannot be relied on',
  0x01021994: 'tmpfs: it is memory, and empty after a restart',
}

/**
 * Opens the queue's file, for this process alone, and creates what is missing: folder (0700), file (0600), tables.
 *
 * @throws QueueInUseError when another process has it
 * @throws QueueUnavailableError when it is another program's, or a newer version's
 */
export function openQueueFile(path: string, open: OpenDatabase, nowMs: number): Database {
  if (createPrivateFile(path)) syncFolder(path)

  let db
  try {
    db = open(path)
    layOut(db)
    lock(db)
    assertOurs(db)
    makePrivate(path)
    setPragmas(db)
    migrate(db)
  } catch (error) {
    db?.close()
    throw sqliteCode(error) === SQLITE_BUSY ? inUseError(path) : error
  }
  signOwner(path, nowMs)
  return db
}

/** Gives a file another name, with the log that belongs to it. */
export function renameDatabase(from: string, to: string): void {
  for (const suffix of ['', '-wal']) if (existsSync(from + suffix)) renameSync(from + suffix, to + suffix)
  syncFolder(to)
}

/** A name for a file that is set aside; with the time, so that an earlier one is kept too. */
export function asideName(path: string, nowMs: number): string {
  const time = new Date(nowMs).toISOString().replaceAll(':', '-')
  for (let copy = 0; ; copy++) {
    const name = `${path}.damaged-${time}${copy === 0 ? '' : `-${copy}`}`
    if (!existsSync(name) && !existsSync(`${name}-wal`)) return name
  }
}

/** What speaks against the place the file is in, if anything does. */
export function warningAbout(path: string): string | undefined {
  const name = BAD_FILE_SYSTEMS[statfsSync(dirname(path)).type]
  return name === undefined ? undefined : `The queue ${path} is on ${name}. Acknowledged events may be lost.`
}

/** Whether less is free than SQLite needs to do anything at all. */
export function isDiskFull(path: string): boolean {
  const { bavail, bsize } = statfsSync(dirname(path))
  return bavail * bsize < 64 * 1024
}

/** A new name in a folder is only durable when the folder is synced. */
const syncFolder = (path: string) => syncFile(dirname(path))

export function syncFile(path: string): void {
  const file = openSync(path, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
