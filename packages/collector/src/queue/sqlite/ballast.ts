/**
 * A file that only takes up room, beside the queue's.
 *
 * On a full disk even a DELETE fails, as it must be written to the log first: a full queue could never be emptied. Deleting this
 * file first makes room for that. While it cannot be made again, the disk counts as full and nothing new is taken.
 */
import { randomFillSync } from 'node:crypto'
import { closeSync, fsyncSync, openSync, rmSync, statSync, writeSync } from 'node:fs'

export interface Ballast {
  readonly bytes: number
  /** Makes the file if it is not there. @returns whether there was room */
  hold(): boolean
  /** Deletes it. */
  release(): void
}

const BLOCK_BYTES = 1024 * 1024

export function ballast(path: string, bytes: number): Ballast {
  const sizeOf = () => statSync(path, { throwIfNoEntry: false })?.size ?? 0

  function write(): void {
    const file = openSync(path, 'w', 0o600)
    try {
      // Random, or a compressing file system would give it no room at all.
      const block = randomFillSync(Buffer.alloc(Math.min(BLOCK_BYTES, bytes)))
      for (let written = 0; written < bytes;) {
        written += writeSync(file, block, 0, Math.min(block.length, bytes - written))
      }
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
  }

  return {
    bytes,

    hold() {
      if (sizeOf() === bytes) return true
      try {
        write()
        return true
      } catch {
        // No room, or not allowed to write: either way there is no ballast, and the caller decides.
        rmSync(path, { force: true })
        return false
      }
    },

    release: () => rmSync(path, { force: true }),
  }
}
