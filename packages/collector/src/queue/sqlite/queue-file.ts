/** The file itself: where it lies, who may read it, who has it. */
import { closeSync, existsSync, fsyncSync, openSync, readSync, renameSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { DamageError } from './damage.js'
import type { Database, OpenDatabase } from './driver.js'
import { sqliteCode } from './driver.js'
import { inUseError, signOwner } from './owner.js'
import { layOut, lock, setPragmas } from './pragmas.js'
import { createPrivateFile, makePrivate } from './private-file.js'
import { APPLICATION_ID, assertOurs, migrate } from './schema.js'

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
 * @throws DamageError when its header says what was never written
 */
export function openQueueFile(path: string, open: OpenDatabase, nowMs: number): Database {
  if (createPrivateFile(path)) syncFolder(path)

  let db
  try {
    assertWritableFormat(path)
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

/** @see https://sqlite.org/fileformat2.html#the_database_header */
const WRITE_VERSION_AT = 18
const APPLICATION_ID_AT = 68

/**
 * A file that claims a later version of the format than SQLite knows (1 and, with a log, 2) is read-only to it. Ours never does:
 * then its header has been damaged.
 *
 * @throws DamageError
 */
function assertWritableFormat(path: string): void {
  const header = readStart(path, APPLICATION_ID_AT + 4)
  const isOurs = header.length === APPLICATION_ID_AT + 4 && header.readInt32BE(APPLICATION_ID_AT) === APPLICATION_ID
  if (isOurs && header[WRITE_VERSION_AT]! > 2) throw new DamageError('The header of the file is damaged.')
}

/** The first bytes of a file; fewer where it is shorter. */
export function readStart(path: string, bytes: number): Buffer {
  const start = Buffer.alloc(bytes)
  const file = openSync(path, 'r')
  try {
    return start.subarray(0, readSync(file, start, 0, bytes, 0))
  } finally {
    closeSync(file)
  }
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
