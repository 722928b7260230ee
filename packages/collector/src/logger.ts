import { pino } from 'pino'
import type { DestinationStream, Logger } from 'pino'

/** What the collector's parts may write. A subset of pino's, so that a test can pass four plain functions. */
export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/**
 * What must never be printed, wherever someone puts it by mistake. Nothing in the collector logs these on purpose:
 * this is the net below the rope.
 */
const NEVER = [
  'accessToken',
  'access_token',
  'appSecret',
  'apiKeys',
  'authorization',
  'body',
  'cookie',
  'cookies',
  'custom_data',
  'event_source_url',
  'inspectPassword',
  'json',
  'queueUrl',
  'referrer_url',
  'user_data',
]

/**
 * The logger: JSON lines, one for each thing worth knowing, none for each event. No bodies and no personal data.
 *
 * @param level the least important lines to write
 * @param destination where to; standard output unless given
 */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: NEVER.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[hidden]' },
  }
  return destination ? pino(options, destination) : pino(options)
}

/** Says nothing. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }
