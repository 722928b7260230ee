import type { CustomData, UserData } from '@pixel-mirror/common'

/** What may accompany an event. */
export interface TrackOptions {
  /** The event's id, if the page has one; both copies carry it. */
  eventID?: string
  /** For this one pixel only. */
  pixelId?: string
  /** What is known about the visitor for this one event; goes to the collector only. */
  userData?: UserData
}

/** `window.tracker`, or what `startTracker` returns. */
export interface Tracker {
  readonly version: string
  /** Tells pixel and collector of an event and returns its id. */
  track: (name: string, data?: CustomData, options?: TrackOptions) => string
  trackCustom: (name: string, data?: CustomData, options?: TrackOptions) => string
  /** Sends what waits; resolves when the collector has answered. */
  flush: () => Promise<unknown>
}
