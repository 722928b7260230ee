/**
 * Reads the log as it grows: headers only, in order, without gaps.
 *
 * The client library's ordered consumer does that, but it lives on one broker. When it falls silent, another one takes over where
 * it stood, instead of waiting for that broker to come back. That takes seconds, and longer when the new one is put on the dead broker
 * too; so whoever waits for a message that must be there has it fetched from any broker meanwhile, with all before it.
 */
import type { ConsumerMessages } from '@nats-io/jetstream'
import { DeliverPolicy } from '@nats-io/jetstream'
import { performance } from 'node:perf_hooks'
import { setTimeout as wait } from 'node:timers/promises'
import type { QueueOptions } from '../queue-options.js'
import type { Brokers } from './connection.js'
import { asQueueError } from './connection.js'
import type { LogState } from './log-state.js'
import { HEADER } from './messages.js'
import type { LogReader } from './publisher.js'

/** Half of this is the time between two heartbeats. */
const EXPIRES_MS = 2_000
/** Neither a message nor a heartbeat for so long: the broker is gone, or the connection to it. */
const SILENT_MS = 3_000
const MESSAGES_AHEAD = 2_000
const AGAIN_AFTER_MS = 250

/** Fetched one by one, so only as far as the consumer would not be faster. */
const MOST_FETCHED = 5_000
const FETCH_AT_ONCE = 32
/** How often brokers are asked that do not have it yet. */
const MOST_LOOKS = 30
const LOOK_AGAIN_AFTER_MS = 100

/** A consumer that has just been heard may only be busy. One that lives has a message within a few milliseconds. */
const PATIENCE_MS = 150
const PATIENCE_WITH_THE_SILENT_MS = 10

export interface Follower extends LogReader {
  close(): Promise<void>
}

export async function followLog(
  { js, manager }: Brokers,
  stream: string,
  state: LogState,
  log: QueueOptions['log'],
): Promise<Follower> {
  let closing = false
  /** The one that counts; messages of earlier ones come too late. */
  let generation = 0
  let heardAtMs = performance.now()
  /** When the consumer last had a message. */
  let readAtMs = heardAtMs
  let reading = await read()
  const following = follow()

  async function read(): Promise<ConsumerMessages> {
    const consumer = await js.consumers.get(stream, {
      headers_only: true,
      ...(state.seq === 0
        ? { deliver_policy: DeliverPolicy.All }
        : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: state.seq + 1 }),
    })
    const own = ++generation
    return consumer.consume({
      max_messages: MESSAGES_AHEAD,
      expires: EXPIRES_MS,
      callback(message) {
        // What an earlier reader still hands over would leave a gap.
        if (own !== generation) return
        heardAtMs = readAtMs = performance.now()
        state.take({
          subject: message.subject,
          seq: message.seq,
          timeMs: Date.parse(message.time.toISOString()),
          facts: message.headers?.get(HEADER) ?? '{}',
        })
      },
    })
  }

  async function follow(): Promise<void> {
    while (!closing) {
      await silence()
      if (closing) return
      log.warn({ event: 'queue.reader_silent', seq: state.seq }, 'the log is read by another consumer from here')
      void reading.close().catch(() => undefined)
      await readAgain()
    }
  }

  /** Resolves when nothing is heard of the reader any more, or it has ended. */
  async function silence(): Promise<void> {
    heardAtMs = performance.now()
    let ended = false
    void reading.closed().then(
      () => (ended = true),
      () => (ended = true),
    )
    void (async () => {
      for await (const { type } of reading.status()) if (type === 'heartbeat') heardAtMs = performance.now()
    })()
    while (!closing && !ended && performance.now() - heardAtMs < SILENT_MS) await wait(AGAIN_AFTER_MS)
  }

  async function readAgain(): Promise<void> {
    for (let attempt = 1; !closing; attempt++) {
      try {
        reading = await read()
        return
      } catch (error) {
        if (attempt === 1) log.warn({ event: 'queue.reader_lost', reason: asQueueError(error).message }, 'trying again')
        await wait(AGAIN_AFTER_MS)
      }
    }
  }

  let wanted = 0
  let fetching: Promise<void> | undefined

  async function fetchAll(): Promise<void> {
    for (let looks = 0; looks < MOST_LOOKS && wanted - state.seq <= MOST_FETCHED; looks++) {
      while (!closing && state.seq < wanted && (await fetchSome())) looks = 0
      if (closing || state.seq >= wanted) return
      await wait(LOOK_AGAIN_AFTER_MS)
    }
  }

  /** False when the broker that answers does not have the next one yet. */
  async function fetchSome(): Promise<boolean> {
    const first = state.seq + 1
    const count = Math.min(FETCH_AT_ONCE, wanted - state.seq)
    // Each answer is the first message from there on, so one that is not there yet cannot be taken for one that is deleted.
    const answers = await Promise.all(
      Array.from({ length: count }, (_, index) =>
        manager.direct.getMessage(stream, { seq: first + index, next_by_subj: `${stream}.>` }),
      ),
    )
    for (let next = first; next < first + count;) {
      const message = answers[next - first] ?? null
      if (message === null) return next > first
      const { subject, seq, time, header } = message
      state.take({ subject, seq, timeMs: time.getTime(), facts: header.get(HEADER) || '{}' })
      next = seq + 1
    }
    return true
  }

  return {
    patienceMs: () => (performance.now() - readAtMs < PATIENCE_MS ? PATIENCE_MS : PATIENCE_WITH_THE_SILENT_MS),

    fetchTo(seq) {
      wanted = Math.max(wanted, seq)
      fetching ??= fetchAll().finally(() => (fetching = undefined))
      return fetching
    },

    async close() {
      closing = true
      await reading.close()
      await following
    },
  }
}
