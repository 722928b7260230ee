import type { Database } from './driver.js'
import { pragma } from './schema.js'

/** The room that a queue file takes on the disk. */
export interface FileSpace {
  /** Bytes that the contents take in the file; pages that are free for reuse are not counted. */
  usedBytes(): number
  /**
   * Makes the file smaller after a great backlog has left. Takes time by what is still in it, not by what was: a quarter of a
   * second where a gigabyte was drained. Fails without harm when there is no room for it.
   */
  giveBack(): void
  /** Gives back up to so much of what is free in the file, with as good as no room of its own: for a disk that is full. */
  shrink(bytes: number): void
}

/** From so much free space in the file on, 64 MB, it is worth giving back to the disk; and only when little else is in it. */
const GIVEN_BACK_BYTES = 64 * 1024 * 1024
const GIVEN_BACK_SHARE = 8

export function fileSpace(db: Database): FileSpace {
  const pageBytes = pragma(db, 'page_size')
  const countPages = db.prepare('PRAGMA page_count')
  const countFreePages = db.prepare('PRAGMA freelist_count')

  const pages = () => countPages.get()?.['page_count'] as number
  const freePages = () => countFreePages.get()?.['freelist_count'] as number
  const usedBytes = () => (pages() - freePages()) * pageBytes

  return {
    usedBytes,

    giveBack() {
      const freeBytes = freePages() * pageBytes
      if (freeBytes > GIVEN_BACK_BYTES && freeBytes > GIVEN_BACK_SHARE * usedBytes()) db.exec('VACUUM')
    },

    shrink(bytes) {
      db.exec(`PRAGMA incremental_vacuum(${Math.ceil(bytes / pageBytes)})`)
      // Only a checkpoint makes the file itself shorter.
      db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    },
  }
}
