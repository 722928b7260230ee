import type { ServerEvent } from './server-event.js'

/** Whether Meta's own script was there when the tracker saw the event. */
export type PixelState =
  /** `fbevents.js` runs: the browser copy is expected to reach Meta. */
  | 'loaded'
  /** The page asks for it, but it did not arrive: an ad blocker, as a rule. */
  | 'blocked'
  /** The page has no Meta snippet at all (server-only). */
  | 'absent'

/** What the tracker says about a copy; it stays with the collector and is never sent to Meta. */
export interface Mirror {
  pixel?: PixelState
  /** The browser's clock when the request left, in milliseconds since the epoch: shows a wrong clock. */
  sent_at?: number
  /** The tracker's version. */
  version?: string
}

/** An event as it reaches the collector: Meta's own shape, unfinished, plus where it is to go and how it came. */
export interface IncomingEvent extends Partial<ServerEvent> {
  /** May be left out when only one pixel is configured. */
  pixel_id?: string
  mirror?: Mirror
}

/** The body of `POST /events`. */
export interface IncomingBatch {
  data: IncomingEvent[]
  /** Fields that every event of the request shares; an event's own field wins. `user_data` and `mirror` are merged key by key. */
  common?: IncomingEvent
  test_event_code?: string
}
