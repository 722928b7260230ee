/** What stands in one SQS message: events of one lane, finished, a few at a time. */
import type { QueuedEvent } from '@pixel-mirror/collector'

export interface Message {
  lane: QueuedEvent['lane']
  events: Omit<QueuedEvent, 'lane'>[]
}

/** SQS takes 256 KiB a message (and as much in one call); some room is left for the names. */
const MAX_BYTES = 200 * 1024
const MAX_EVENTS = 1_000

/** Cuts events into messages, lane by lane, in order. */
export function messagesOf(events: readonly QueuedEvent[]): Message[] {
  const open = new Map<string, { message: Message; bytes: number }>()
  const messages: Message[] = []
  for (const { lane, ...event } of events) {
    const name = `${lane.pixelId}:${lane.testEventCode ?? ''}`
    const bytes = Buffer.byteLength(JSON.stringify(event))
    let last = open.get(name)
    if (!last || last.bytes + bytes > MAX_BYTES || last.message.events.length >= MAX_EVENTS) {
      last = { message: { lane, events: [] }, bytes: 0 }
      open.set(name, last)
      messages.push(last.message)
    }
    last.message.events.push(event)
    last.bytes += bytes
  }
  return messages
}

/** @throws SyntaxError when the text is no message */
export function eventsOf(text: string): QueuedEvent[] {
  const { lane, events } = JSON.parse(text) as Message
  return events.map((event) => ({ lane, ...event }))
}
