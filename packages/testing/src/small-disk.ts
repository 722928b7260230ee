import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A disk that is small enough to be filled: a tmpfs, which only root may mount. */
export interface SmallDisk {
  folder: string
  /** Takes all the room there is. */
  fill(): void
  /** Gives it back. */
  empty(): void
  remove(): void
}

const mount = (folder: string, options: string) =>
  spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]).status === 0

export function makeSmallDisk(megabytes: number): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), 'pixel-mirror-disk-'))
  if (!mount(folder, `size=${megabytes}m,mode=0777`)) throw new Error('A small disk can only be made by root.')
  const filler = join(folder, 'filler')
  return {
    folder,
    fill() {
      const { bavail, bsize } = statfsSync(folder)
      try {
        writeFileSync(filler, Buffer.alloc(bavail * bsize), { flag: 'a' })
      } catch (error) {
        // Somebody else took a part of it meanwhile: full it is.
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
      }
    },
    empty: () => rmSync(filler, { force: true }),
    remove() {
      spawnSync('umount', ['-l', folder])
      rmdirSync(folder)
    },
  }
}

/** Whether one can be made here. */
export const CAN_MAKE_SMALL_DISKS = (() => {
  try {
    makeSmallDisk(1).remove()
    return true
  } catch {
    return false
  }
})()
