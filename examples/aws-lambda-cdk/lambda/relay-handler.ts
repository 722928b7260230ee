/**
 * Sends what SQS hands over, and tells SQS which messages to offer again.
 *
 * - Meta is down, throttles, or refuses the token: the messages of that pixel fail, SQS offers them again, for as long as Meta takes events (7 days).
 *   An outage fills no dead-letter queue: messages go there by our word alone, never by a count of attempts.
 * - Meta refuses an event: it is found among the others, and goes to the dead letters with Meta's words. The others are delivered.
 * - An event twice from SQS: the same id, so Meta counts it once.
 */
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs'
import type { AppendResult, QueuedEvent } from '@pixel-mirror/collector'
import type { SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda'
import { startCollector, type Environment } from './collector.js'
import { eventsOf } from './message.js'

export type Bury = (letter: { event?: QueuedEvent; text?: string; reason: unknown }) => Promise<void>

export interface RelayHandlerOptions extends Environment {
  /** Keeps what will never be sent. */
  bury: Bury
}

export function relayHandler({
  bury,
  ...environment
}: RelayHandlerOptions): (event: SQSEvent) => Promise<SQSBatchResponse> {
  const starting = startCollector(environment)
  starting.catch(() => undefined)

  return async function handler({ Records }) {
    const { collector, refreshToken } = await starting
    await refreshToken()
    const lanes = await byPixel(Records, bury)
    const failures = await Promise.all(
      [...lanes.values()].map(async (messages) => {
        try {
          await deliver(messages, (events) => collector.queue.append(events), bury)
          return []
        } catch (error) {
          console.error(
            JSON.stringify({
              event: 'relay.will_try_again',
              messages: messages.length,
              reason: (error as Error).message,
            }),
          )
          return messages.map(({ id }) => ({ itemIdentifier: id }))
        }
      }),
    )
    return { batchItemFailures: failures.flat() }
  }
}

interface Parsed {
  id: string
  events: QueuedEvent[]
}

/** One pixel's trouble is not another's: each is sent by itself. What is no message of ours is buried as it is. */
async function byPixel(records: readonly SQSRecord[], bury: Bury): Promise<Map<string, Parsed[]>> {
  const pixels = new Map<string, Parsed[]>()
  for (const { messageId, body } of records) {
    const events = parse(body)
    const pixelId = events?.[0]?.lane.pixelId
    if (events === undefined || pixelId === undefined) {
      await bury({ text: body, reason: { cause: 'not_a_message' } })
      continue
    }
    const messages = pixels.get(pixelId)
    if (messages) messages.push({ id: messageId, events })
    else pixels.set(pixelId, [{ id: messageId, events }])
  }
  return pixels
}

function parse(body: string): QueuedEvent[] | undefined {
  try {
    return eventsOf(body)
  } catch {
    return undefined
  }
}

async function deliver(
  messages: readonly Parsed[],
  send: (events: QueuedEvent[]) => Promise<AppendResult>,
  bury: Bury,
): Promise<void> {
  const events = messages.flatMap((message) => message.events)
  const { refused = [] } = await send(events)
  for (const { index, reason } of refused) await bury({ event: events[index]!, reason })
}

export function deadLettersTo(client: Pick<SQSClient, 'send'>, queueUrl: string): Bury {
  return async (letter) => {
    await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify(letter) }))
  }
}
