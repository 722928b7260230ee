/**
 * Reads the log as it grows: headers only, in order, without gaps.
 *
 * The client library's ordered consumer does that, but it lives on one broker. When it falls silent, another one takes over where
 * it stood, instead of waiting for that broker to come back.
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

/** Half of this is the time between two heartbeats. */
const EXPIRES_MS = 2_000
/** Neither a message nor a heartbeat for so long: the broker is gone, or the connection to it. */
const SILENT_MS = 3_000
const MESSAGES_AHEAD = 2_000
const AGAIN_AFTER_MS = 250

export interface Follower {
  close(): Promise<void>
}

export async function followLog(
  { js }: Brokers,
  stream: string,
  state: LogState,
  log: QueueOptions['log'],
): Promise<Follower> {
  let closing = false
  /** The one that counts; messages of earlier ones come too late. */
  let generation = 0
  let heardAtMs = performance.now()
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
        heardAtMs = performance.now()
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

  return {
    async close() {
      closing = true
      await reading.close()
      await following
    },
  }
}
