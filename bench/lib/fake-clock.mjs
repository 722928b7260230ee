/** A clock that can jump while a process runs: libfaketime, loaded before the C library. Debian has it in the package `libfaketime`. */
import { existsSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'

const PLACES = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].map(
  (machine) => `/usr/lib/${machine}/faketime/libfaketimeMT.so.1`,
)

/**
 * @param {string} file says what time it is; the processes read it
 * @returns {Promise<{ env: Record<string, string>, jump(seconds: number): Promise<void> } | undefined>} `undefined` where it is not installed
 */
export async function fakeClock(file) {
  const library = PLACES.find((place) => existsSync(place))
  if (library === undefined) return undefined

  /** So far from the true time, until the next jump. */
  async function jump(seconds) {
    // Nobody may read half a number.
    await writeFile(`${file}.new`, `${seconds < 0 ? '' : '+'}${Math.round(seconds)}`)
    await rename(`${file}.new`, file)
  }

  await jump(0)
  // Only the time of day jumps. Timers go by the monotonic clock, which the system never sets.
  const env = {
    LD_PRELOAD: library,
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_CACHE_DURATION: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    FAKETIME_DONT_RESET: '1',
  }
  return { env, jump }
}
