import type { TokenPlace } from '../graph/graph-call.js'
import type { BrowserHit } from '../pixel/browser-hit.js'

/** One copy of an event, as it reached the sandbox from the page or from a server. */
export type ReceivedCopy = BrowserCopy | ServerCopy

/** What is told of every copy. */
export interface CopyBase {
  pixel_id: string
  event_name: string
  event_id?: string
  receivedAtMs: number
  /** Counts all copies, from 1, in the order of their arrival. */
  sequence: number
  /** Whether Meta would count it; `false`: it is a second copy of one that was counted. */
  counted: boolean
}

/** What the pixel in the page sent to `/tr`. */
export interface BrowserCopy extends CopyBase {
  channel: 'browser'
  hit: BrowserHit
}

/** What came through the Conversions API. */
export interface ServerCopy extends CopyBase {
  channel: 'server'
  /** The event exactly as it came. */
  event: Record<string, unknown>
  test_event_code?: string
  /** The request that brought it. */
  request: {
    /** Counts the requests to the edge, from 1. */
    number: number
    /** How many events it carried. */
    events: number
    version: number
    tokenPlace?: TokenPlace
  }
  /** What Meta accepts in silence and Events Manager complains about later. */
  warnings: string[]
}

/** All copies of one event, and what Meta would make of them. */
export interface EventCopies {
  pixel_id: string
  event_name: string
  event_id?: string
  verdict: Verdict
  /** How often Meta would count it: 1, unless the copies lie more than 48 hours apart. */
  counted: number
  browserCopies: number
  serverCopies: number
  /** The copies themselves, the first few of each channel (none with `keep: 'ids'`). */
  browser: BrowserCopy[]
  server: ServerCopy[]
}

export type Verdict =
  /** One copy from each side, counted once. What everyone wants. */
  | 'once'
  /** The server copy is missing (or late). */
  | 'browser_only'
  /** The browser copy is missing: blocked, as a rule. */
  | 'server_only'
  /** More than one copy from the same side, or counted twice. */
  | 'duplicate'
