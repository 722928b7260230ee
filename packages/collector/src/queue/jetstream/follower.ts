/**
 * Reads the log as it grows: headers only, in order, without gaps. The client library's ordered consumer starts itself again where it
 * stood when a broker dies.
 */
import type { ConsumerMessages, JsMsg } from '@nats-io/jetstream'
import { DeliverPolicy } from '@nats-io/jetstream'
import { setTimeout as wait } from 'node:timers/promises'
import type { QueueOptions } from '../queue-options.js'
import type { Brokers } from './connection.js'
import type { LogState } from './log-state.js'
import { HEADER } from './messages.js'

/** A consumer that is silent for two heartbeats is looked after; heartbeats are half of this. */
const EXPIRES_MS = 2_000
const MESSAGES_AHEAD = 2_000

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
  let reading = await read()
  void keepReading()

  async function read(): Promise<ConsumerMessages> {
    const consumer = await js.consumers.get(stream, {
      headers_only: true,
      ...(state.seq === 0
        ? { deliver_policy: DeliverPolicy.All }
        : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: state.seq + 1 }),
    })
    return consumer.consume({ callback: take, max_messages: MESSAGES_AHEAD, expires: EXPIRES_MS })
  }

  function take(message: JsMsg): void {
    state.take({
      subject: message.subject,
      seq: message.seq,
      timeMs: Date.parse(message.time.toISOString()),
      facts: message.headers?.get(HEADER) ?? '{}',
    })
  }

  /** Ends only when it is closed. */
  async function keepReading(): Promise<void> {
    while (!closing) {
      const error = await reading.closed()
      if (closing) return
      log.warn(
        { event: 'queue.log_reader_lost', reason: error instanceof Error ? error.message : 'it ended' },
        'reading the log again',
      )
      await wait(500)
      reading = await read().catch(() => reading)
    }
  }

  return {
    async close() {
      closing = true
      await reading.close()
    },
  }
}
