/** The way to the brokers, the stream that is the log, and errors in the queue's own words. */
import { readFile } from 'node:fs/promises'
import { JetStreamApiError, jetstream, jetstreamManager } from '@nats-io/jetstream'
import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { connect, credsAuthenticator, nanos } from '@nats-io/transport-node'
import { setTimeout as wait } from 'node:timers/promises'
import { CollectorError, QueueFullError, QueueUnavailableError } from '../../errors.js'
import type { NatsUrl } from './nats-url.js'

export interface Brokers {
  connection: NatsConnection
  js: JetStreamClient
  manager: JetStreamManager
}

const CONNECT_TIMEOUT_MS = 5_000
/** How long the brokers' own administration may take; a cluster that has just started elects its leaders first. */
const API_TIMEOUT_MS = 5_000
/** A reader that cannot be made here and now is tried again. */
const CONSUMER_TIMEOUT_MS = 2_000
const STREAM_WITHIN_MS = 20_000

/** Written into the stream. A higher number is a log that this collector cannot read. */
const FORMAT = 1
const DESCRIPTION = /^pixel-mirror log, format (\d+)$/

/** @throws QueueUnavailableError when no broker answers, or without JetStream */
export async function connectBrokers(url: NatsUrl): Promise<Brokers> {
  const { servers, user, password, credentialsFile, tls } = url
  try {
    const connection = await connect({
      servers,
      name: 'pixel-mirror',
      timeout: CONNECT_TIMEOUT_MS,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
      // Half a minute of silence is an outage, not a slow answer.
      pingInterval: 5_000,
      maxPingOut: 2,
      ignoreAuthErrorAbort: true,
      ...(user !== undefined && { user, ...(password !== undefined && { pass: password }) }),
      ...(credentialsFile && { authenticator: credsAuthenticator(await readFile(credentialsFile)) }),
      ...(tls && { tls }),
    })
    const manager = await jetstreamManager(connection, { timeout: API_TIMEOUT_MS, checkAPI: false })
    return { connection, manager, js: jetstream(connection, { timeout: CONSUMER_TIMEOUT_MS }) }
  } catch (error) {
    throw asQueueError(error)
  }
}

/** How many copies the log has: what was asked for, or all that a usual cluster gives. */
export const replicasWanted = ({ replicas }: NatsUrl, { connection }: Brokers) =>
  replicas ?? (connection.info?.cluster === undefined ? 1 : 3)

/**
 * The stream, made if there is none.
 *
 * @throws QueueUnavailableError when it cannot be made, or is not ours to use
 */
export async function ensureStream({ manager }: Brokers, name: string, replicas: number): Promise<number> {
  const givenUpAtMs = Date.now() + STREAM_WITHIN_MS
  for (;;) {
    try {
      const { config } = await manager.streams.info(name).catch((error: unknown) => {
        if (!(error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND)) throw error
        return manager.streams.add({
          name,
          description: `pixel-mirror log, format ${FORMAT}`,
          subjects: [`${name}.>`],
          storage: 'file',
          retention: 'limits',
          // The log is bounded by MAX_QUEUE_BYTES, never by forgetting what is old.
          discard: 'new',
          num_replicas: replicas,
          duplicate_window: nanos(120_000),
          allow_direct: true,
        })
      })
      assertOurs(config)
      return config.num_replicas
    } catch (error) {
      // Another node may be making it, or the cluster is still electing.
      const final = error instanceof CollectorError || Date.now() > givenUpAtMs || isRefusal(error)
      if (final) throw asQueueError(error)
      await wait(200)
    }
  }
}

function assertOurs({ name, description, max_age, discard }: Record<string, unknown>): void {
  const format = DESCRIPTION.exec(typeof description === 'string' ? description : '')?.[1]
  if (format === undefined) {
    throw new QueueUnavailableError(`The stream ${String(name)} is not a collector's. Name another: ?stream=…`)
  }
  if (Number(format) > FORMAT) {
    throw new QueueUnavailableError(
      `The queue's log is of format ${format}; this collector knows ${FORMAT}. Upgrade it.`,
    )
  }
  if (max_age !== 0 || discard !== 'new') {
    throw new QueueUnavailableError(
      `The stream ${String(name)} forgets: it must have no max_age and discard: new, or acknowledged events could be lost.`,
    )
  }
}

/**
 * Tries again while a stream that has just been made, or brokers that have just started, elect their leaders.
 *
 * @throws QueueUnavailableError when it takes too long
 */
export async function patiently<Value>(work: () => Promise<Value>): Promise<Value> {
  const givenUpAtMs = Date.now() + STREAM_WITHIN_MS
  for (;;) {
    try {
      return await work()
    } catch (error) {
      const reason = asQueueError(error)
      if (!(reason instanceof QueueUnavailableError) || Date.now() > givenUpAtMs) throw reason
      await wait(200)
    }
  }
}

/** Answers that waiting does not change: no JetStream here, several copies on a single broker. */
const isRefusal = (error: unknown) => error instanceof JetStreamApiError && [10039, 10074].includes(error.code)

const STREAM_NOT_FOUND = 10059

/** Another message is the last of the subject. Newer servers do not always say which. */
export interface WrongSequence {
  last?: number
}

export function wrongSequence(error: unknown): WrongSequence | undefined {
  if (!(error instanceof JetStreamApiError && (error.code === 10071 || error.code === 10164))) return undefined
  const [, last] = /wrong last sequence: (\d+)/.exec(error.message) ?? []
  return last === undefined ? {} : { last: Number(last) }
}

/** No room: the account's or the broker's limit of storage, the stream's bounds. @see https://github.com/nats-io/nats-server/blob/main/server/errors.json */
const NO_ROOM = new Set([10023, 10028, 10047, 10077, 10109])

/** By the words of the client library, which has no codes for them. */
const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [/ENOENT|EACCES|EISDIR/, 'A file that QUEUE_URL names (creds, ca, cert or key) cannot be read.'],
  [
    /certificate|altnames/i,
    "The brokers' certificate is not trusted here, or not for this name: ?ca=FILE names the authority; the brokers go by the names in it, not by address.",
  ],
  [/authorization violation|authentication/i, 'The user or the password is wrong.'],
  [/permissions violation/i, 'This user may not use JetStream.'],
  [/no responders|503/i, 'JetStream is off, or has no leader: too few brokers are up.'],
  [/insufficient|no suitable peers/i, 'There are too few brokers for so many replicas.'],
  [/jetstream not enabled/i, 'JetStream is not enabled for this account.'],
  [/ECONNREFUSED|connection refused/i, 'Nobody listens there.'],
  [/ENOTFOUND|EAI_AGAIN/i, 'The host name is unknown.'],
  [/timeout/i, 'No answer in time: too few brokers are up, or none can be reached.'],
]

/** Any error of the client library as one of ours. Its text never holds the password or an event. */
export function asQueueError(error: unknown): Error {
  if (error instanceof CollectorError) return error
  if (error instanceof JetStreamApiError && NO_ROOM.has(error.code)) {
    return new QueueFullError('The brokers have no room left.', { cause: error })
  }
  const words = wordsOf(error)
  const remedy = REMEDIES.find(([pattern]) => pattern.test(words))?.[1] ?? 'It does not answer as it should.'
  return new QueueUnavailableError(`NATS JetStream cannot be used. ${remedy}`, { cause: error })
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return [error.name, error.message, error.cause === undefined ? '' : wordsOf(error.cause)].join(' ')
}
