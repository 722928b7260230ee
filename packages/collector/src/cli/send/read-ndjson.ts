import type { IncomingEvent } from '@pixel-mirror/common'
import type { Line } from './file-lines.js'
import type { Order } from './order.js'
import { readTime } from './read-time.js'

/**
 * One event a line, in the Conversions API's shape. Empty lines are skipped.
 *
 * @param skipTo lines up to this one were sent before: they are not worth parsing
 */
export async function* readNdjson(lines: AsyncIterable<Line>, skipTo = 0): AsyncGenerator<Order> {
  for await (const { number: line, endByte, text, problem } of lines) {
    if (line <= skipTo) continue
    if (problem !== undefined) yield { line, endByte, problem }
    else if (text.trim() !== '') yield { line, endByte, ...readEvent(text) }
  }
}

function readEvent(text: string): { event: IncomingEvent } | { problem: string } {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { problem: 'is not JSON' }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { problem: 'is not an event' }
  const event = value as IncomingEvent
  const time: unknown = event.event_time
  if (typeof time !== 'string') return { event }
  const seconds = readTime(time)
  return seconds === undefined
    ? { problem: 'has an event_time that is no time' }
    : { event: { ...event, event_time: seconds } }
}
