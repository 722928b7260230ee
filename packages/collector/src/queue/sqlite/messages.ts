/** What the two threads say to each other. Errors cross as a code and a message, and become what they were. */
import { CollectorError, QueueFullError, QueueInUseError, QueueUnavailableError } from '../../errors.js'
import type { Leased } from './leases.js'
import type { FileOptions } from './open-file.js'
import type { Operations } from './operations.js'
import type { Trouble } from './trouble.js'

/** What a thread is started with. */
export type ThreadData = Omit<FileOptions, 'open' | 'alarm' | 'note' | 'elapsedMs'> & { nowMs: number }

export type Request = {
  [Name in keyof Operations]: readonly [id: number, name: Name, args: Parameters<Operations[Name]>]
}[keyof Operations]

export type Message =
  /** The file is open; only now are requests answered. */
  | { kind: 'ready' }
  | { kind: 'refused'; error: ErrorMessage }
  | { kind: 'done'; id: number; value: unknown }
  | { kind: 'failed'; id: number; error: ErrorMessage }
  /** The thread cannot go on, and ends. */
  | { kind: 'broken'; trouble: Trouble }
  | { kind: 'alarm'; code: string; message: string }
  | { kind: 'note'; message: string }

/** What a value holds that changes hands instead of being copied: the texts of a lease. */
export function memoryOf(value: unknown): ArrayBuffer[] {
  if (typeof value !== 'object' || value === null || !('leased' in value)) return []
  const { texts } = (value as { leased: Leased }).leased
  return [texts.bytes.buffer as ArrayBuffer, texts.ends.buffer as ArrayBuffer]
}

export interface ErrorMessage {
  code: string
  message: string
}

/** Not in the catalogue of errors: it never leaves the queue, but makes it start again with a repair. */
export const DAMAGED = 'QUEUE_DAMAGED'

const ERRORS: Record<string, new (message: string) => CollectorError> = {
  QUEUE_FULL: QueueFullError,
  QUEUE_IN_USE: QueueInUseError,
  QUEUE_UNAVAILABLE: QueueUnavailableError,
}

export function formatError(error: unknown, otherwise = 'QUEUE_UNAVAILABLE'): ErrorMessage {
  if (error instanceof CollectorError) return { code: error.code, message: error.message }
  return { code: otherwise, message: error instanceof Error ? error.message : String(error) }
}

export function parseError({ code, message }: ErrorMessage): CollectorError {
  return new (ERRORS[code] ?? QueueUnavailableError)(message)
}
