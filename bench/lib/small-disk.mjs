/** A disk that is small enough to be filled: a tmpfs, which only root may mount. */
import { spawnSync } from 'node:child_process'
import { mkdir, rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * @param {string} folder where to mount it; made if it is not there
 * @returns {Promise<{ fill(): Promise<() => Promise<void>>, unmount(): void } | undefined>} `undefined` where it may not be mounted
 */
export async function smallDisk(folder, megabytes) {
  await mkdir(folder, { recursive: true })
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder])
  if (mounted.status !== 0) return undefined
  const filler = join(folder, 'filler')
  return {
    /** Takes all the room there is. Returns what gives it back. */
    async fill() {
      const { bavail, bsize } = await statfs(folder)
      const block = Buffer.alloc(1024 * 1024)
      // What others write meanwhile may leave less: then the last write fails, and the disk is full as it should be.
      await writeFile(filler, blocks(block, bavail * bsize)).catch(() => undefined)
      return () => rm(filler, { force: true })
    },
    unmount: () => spawnSync('umount', ['-l', folder]),
  }
}

function* blocks(block, bytes) {
  for (let left = bytes; left > 0; left -= block.length) yield block.subarray(0, Math.min(block.length, left))
}
