import { chmodSync, closeSync, existsSync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Makes sure that a file is there and that nobody but its owner may read it: folder 0700 where it is missing, file 0600.
 * SQLite gives the files that it puts beside it the same rights.
 *
 * @returns whether it is new
 */
export function createPrivateFile(path: string): boolean {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  if (existsSync(path)) return false
  closeSync(openSync(path, 'wx', 0o600))
  return true
}

/** Takes a file's rights from everybody but its owner; one of an older version, or one that was copied here. */
export function makePrivate(path: string): void {
  if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600)
}
