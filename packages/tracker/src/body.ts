/** The body of one request: what its events have in common stands once. */
import type { IncomingBatch, IncomingEvent } from '@pixel-mirror/common'

export type TrackedEvent = IncomingEvent & { event_name: string; event_time: number }

/** What makes an event this event, and stays with it. */
const OWN = /^(event_(name|time|id)|custom_data|mirror)$/

export function writeBody(events: TrackedEvent[], context: IncomingEvent): string {
  const common: IncomingEvent = { ...context }
  const data: IncomingEvent[] = events.map((event) => ({ ...event }))
  for (const key of Object.keys(events[0]!)) {
    const text = JSON.stringify(events[0]![key])
    if (OWN.test(key) || !events.every((event) => JSON.stringify(event[key]) === text)) continue
    data.forEach((event) => delete event[key])
    common[key] = key === 'user_data' ? { ...context.user_data, ...events[0]!.user_data } : events[0]![key]
  }
  return JSON.stringify({ data, common } satisfies IncomingBatch)
}
