import { existsSync, renameSync } from 'node:fs'
import type { HistoryLimits } from './history.js'
import { createHistoryStore, type HistoryStore } from './history-store.js'
import { loadDriver } from '../queue/sqlite/driver.js'
import { createPrivateFile, makePrivate } from '../queue/sqlite/private-file.js'

/**
 * Opens the history; a file that cannot be read is set aside and a new one begun: history is worth less than a start.
 *
 * @param file its path, or `:memory:`
 */
export async function openHistoryStore(file: string, nowMs: number, limits?: HistoryLimits): Promise<HistoryStore> {
  try {
    return await tryOpen(file, limits)
  } catch (error) {
    if (file === ':memory:' || !existsSync(file)) throw error
    for (const part of ['', '-wal', '-shm']) {
      if (existsSync(file + part)) renameSync(file + part, `${file}.damaged-${nowMs}${part}`)
    }
    return tryOpen(file, limits)
  }
}

async function tryOpen(file: string, limits?: HistoryLimits): Promise<HistoryStore> {
  if (file !== ':memory:' && !createPrivateFile(file)) makePrivate(file)
  const db = (await loadDriver())(file)
  try {
    return createHistoryStore(db, limits)
  } catch (error) {
    db.close()
    throw error
  }
}
