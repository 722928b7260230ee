/** What the two threads say to each other. Errors cross as a code and a message, and become what they were. */
import { CollectorError, QueueFullError, QueueInUseError, QueueUnavailableError } from '../../errors.js'
import type { Operations } from './operations.js'

/** What the thread is started with. */
export interface ThreadData {
  path: string
  maxBytes: number
  ballastBytes: number
  nowMs: number
}

export type Request = {
  [Name in keyof Operations]: readonly [id: number, name: Name, args: Parameters<Operations[Name]>]
}[keyof Operations]

export type Message =
  /** The file is open; only now are requests answered. */
  | { kind: 'ready' }
  | { kind: 'refused'; error: ErrorMessage }
  | { kind: 'done'; id: number; value: unknown }
  | { kind: 'failed'; id: number; error: ErrorMessage }
  | { kind: 'alarm'; code: string; message: string }

export interface ErrorMessage {
  code: string
  message: string
}

const ERRORS: Record<string, new (message: string) => CollectorError> = {
  QUEUE_FULL: QueueFullError,
  QUEUE_IN_USE: QueueInUseError,
  QUEUE_UNAVAILABLE: QueueUnavailableError,
}

export function formatError(error: unknown): ErrorMessage {
  if (error instanceof CollectorError) return { code: error.code, message: error.message }
  return { code: 'QUEUE_UNAVAILABLE', message: error instanceof Error ? error.message : String(error) }
}

export function parseError({ code, message }: ErrorMessage): CollectorError {
  return new (ERRORS[code] ?? QueueUnavailableError)(message)
}
