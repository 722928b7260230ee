import { DamageError } from './damage.js'
import { sqliteCode } from './driver.js'
import { isDiskFull } from './queue-file.js'

/** Why the queue takes nothing right now. The words are those of `QueueStatus.refusing`. */
export type TroubleKind = 'full' | 'disk_full' | 'read_only' | 'unreachable' | 'damaged'

export interface Trouble {
  kind: TroubleKind
  message: string
}

/** What is said of each, before the particulars. */
const SENTENCES: Record<TroubleKind, string> = {
  full: 'The queue is full.',
  disk_full: 'The disk is full.',
  read_only: 'The disk is read-only.',
  unreachable: 'The queue file cannot be used.',
  damaged: 'The queue file is damaged.',
}

export const sentence = ({ kind, message }: Trouble) => `${SENTENCES[kind]} ${message}`

/** What SQLite's primary result codes mean. Every other one: it cannot be used as it is. */
const MEANINGS: Record<number, TroubleKind> = {
  8: 'read_only',
  11: 'damaged',
  13: 'disk_full',
  // A constraint that fails: a row is not what was written.
  19: 'damaged',
  26: 'damaged',
}
/** SQLITE_ERROR: while opening, that a table is not as it must be. Later it would be our own mistake. */
const SQLITE_ERROR = 1

/** What an error of SQLite's or of the file system's means for the queue at `path`. */
export function troubleOf(error: unknown, path: string, moment: 'opening' | 'running'): Trouble {
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof DamageError) return { kind: 'damaged', message }
  const code = (sqliteCode(error) ?? 0) & 0xff
  if (code === SQLITE_ERROR && moment === 'opening') return { kind: 'damaged', message }
  const { code: systemCode } = error as { code?: string }
  if (systemCode === 'EROFS') return { kind: 'read_only', message }
  // A failed sync or a failed write to the folder does not say why; whether there is room does.
  return { kind: MEANINGS[code] ?? (hasNoRoom(path) ? 'disk_full' : 'unreachable'), message }
}

function hasNoRoom(path: string): boolean {
  try {
    return isDiskFull(path)
  } catch {
    // The folder itself is away: then room is not what is missing.
    return false
  }
}
