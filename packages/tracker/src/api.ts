/** The tracker's own calls, which reach pixel and collector alike. */
import type { StandardEventName, UserData } from '@pixel-mirror/common'
import type { CustomEventData, EventData } from './event-data.js'
import type { TrackerOptions } from './options.js'
import type { Outcome, OutcomeListener } from './report.js'

/** What may accompany an event. */
export interface TrackOptions {
  /** The event's id, if the page has one; both copies carry it. */
  eventID?: string
  /** For this one pixel only. */
  pixelId?: string
  /** What is known about the visitor for this one event; goes to the collector only. */
  userData?: UserData
}

/** `window.tracker`, or what `startTracker` returns. No call throws: with `debug` the console says what was wrong. */
export interface Tracker {
  /** Sets options that the script element does not have. */
  init: (options?: TrackerOptions) => void
  /** Tells pixel and collector of an event, and returns its id, for example to keep it with the order. */
  track: <Name extends StandardEventName | (string & {})>(name: Name, ...rest: EventRest<Name>) => string
  /** The same for an event of your own. */
  trackCustom: (name: string, data?: CustomEventData, options?: TrackOptions) => string
  /** A page view, for routes that the tracker cannot see. */
  pageView: () => void
  /** What is known about the visitor, plain or hashed: goes to the collector alone, which hashes it; is never stored in the page. */
  identify: (userData: UserData) => void
  /** One state for both channels. */
  consent: (choice: 'grant' | 'revoke') => void
  /** As `fbq('dataProcessingOptions', …)`. */
  dataProcessingOptions: (options: string[], country?: number, state?: number) => void
  /** Calls back for every event that was accepted or refused by the collector, or left out here. */
  on: (outcome: Outcome, listener: OutcomeListener) => void
  /** Sends what waits; resolves when the collector has answered. */
  flush: () => Promise<void>
  /** This browser is left alone from now on, in both channels, on every page; `false` takes it back. */
  optOut: (out?: boolean) => void
  /** Switches the console's lines on or off. */
  debug: (on?: boolean) => void
}

/** An event whose data has required fields cannot go without it. */
type EventRest<Name> = Name extends 'Purchase'
  ? [data: EventData[Name], options?: TrackOptions]
  : Name extends StandardEventName
    ? [data?: EventData[Name], options?: TrackOptions]
    : [data?: CustomEventData, options?: TrackOptions]
