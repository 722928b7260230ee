/**
 * Who uses the queue file, for the message to whoever comes second. Only words: what keeps him out is SQLite's lock on the file
 * itself, which the operating system ends with the process, however that dies.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { QueueInUseError } from '../../errors.js'

const ownerPath = (path: string) => `${path}.owner`

/** Says that this process has the file. */
export function signOwner(path: string, nowMs: number): void {
  const owner = { pid: process.pid, host: hostname(), since: new Date(nowMs).toISOString() }
  writeFileSync(ownerPath(path), JSON.stringify(owner), { mode: 0o600 })
}

export function removeOwner(path: string): void {
  rmSync(ownerPath(path), { force: true })
}

export function inUseError(path: string): QueueInUseError {
  return new QueueInUseError(
    `The queue ${path} is in use by ${readOwner(path)}. Stop that process first, or give this one a QUEUE_URL of its own.`,
  )
}

function readOwner(path: string): string {
  try {
    const { pid, host, since } = JSON.parse(readFileSync(ownerPath(path), 'utf8')) as Record<string, unknown>
    return `process ${String(pid)} on ${String(host)} since ${String(since)}`
  } catch {
    // The note is missing or half written; that it is in use is known from the lock.
    return 'another process'
  }
}
