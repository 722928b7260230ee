/**
 * The collector's queue port on SQS, as far as the taking-in half needs it: `append()` resolves when SQS has every message.
 *
 * The other half is `relay.ts`. Neither knows the other; SQS leases, redelivers and keeps the time.
 */
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs'
import { QueueUnavailableError, type Queue } from '@pixel-mirror/collector'
import { messagesOf } from './message.js'

export interface SqsQueueOptions {
  client: Pick<SQSClient, 'send'>
  queueUrl: string
}

export function sqsQueue({ client, queueUrl }: SqsQueueOptions): Queue {
  return {
    async append(events) {
      try {
        await Promise.all(
          messagesOf(events).map((message) =>
            client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify(message) })),
          ),
        )
      } catch (cause) {
        throw new QueueUnavailableError('SQS did not take the events. Ask again with the same event ids.', { cause })
      }
      return { stored: events.map(() => 'stored') }
    },

    // What SQS does itself.
    lease: () => Promise.resolve(undefined),
    settle: () => Promise.resolve(),
    lanes: () => Promise.resolve([]),
    hold: () => Promise.resolve(),
    onWaiting: () => () => undefined,
    deadLetters: {
      list: () => Promise.resolve([]),
      replay: () => Promise.resolve({ replayed: 0, tooOld: 0 }),
      drop: () => Promise.resolve(0),
    },
    books: () => Promise.resolve({ pixels: [] }),
    status: () => Promise.resolve({ waitingEvents: 0, bytes: 0, maxBytes: Number.MAX_SAFE_INTEGER, deadLetters: 0 }),
    probe: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }
}
