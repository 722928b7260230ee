import type { Issue } from '@pixel-mirror/common'
import type { Repair } from '../pipeline/received.js'
import type { DeadLetter, DeathReason, LaneHold, PixelBooks } from '../queue/queue.js'
import type { Counts } from './counts.js'

/**
 * What the inspector's page and its server tell each other, as JSON. Types only: the page imports nothing else from here.
 *
 * Nothing in these shapes may hold personal data in plain form: events pass `redactEvent()` first.
 */

/** Whether Meta has, or expects, a second copy of the event from the browser. */
export type Twin =
  /** Meta's own script runs in the page: both copies, counted once by their shared id. */
  | 'loaded'
  /** The page asked for Meta's script and did not get it: this copy is all Meta has. */
  | 'blocked'
  /** The page has no Meta Pixel: this copy is all Meta has. */
  | 'absent'
  /** Sent by a server of the site. */
  | 'server'
  /** The sender did not say. */
  | 'unknown'

/** How far an event has come. */
export type FlowState =
  'waiting' | 'retrying' | 'parked' | 'delivered' | 'dead' | 'expired' | 'rejected' | 'dropped' | 'duplicate'

/** One request to Meta that carried the event. */
export interface FlowAttempt {
  atMs: number
  durationMs: number
  /** How many events travelled together. */
  events: number
  bytes: number
  status?: number
  outcome: 'accepted' | 'retry' | 'split' | 'park'
  cause?: string
  message?: string
  fbtraceId?: string
  bisecting: boolean
  /** What a person can do about it. */
  remedy?: string
}

/** One event as a line of the Flow view. */
export interface FlowRow {
  /** Rises with time; also the id of the server-sent event. */
  id: number
  atMs: number
  pixelId: string
  testEventCode?: string
  eventName: string
  eventId?: string
  sender: 'browser' | 'server'
  twin: Twin
  state: FlowState
  matchKeys: readonly string[]
  repairs: readonly Repair[]
  money?: { value: number; currency: string }
  /** Why it was left out. */
  dropReason?: string
}

/** One event with its whole story. */
export interface FlowEvent extends FlowRow {
  came: {
    origin?: string
    /** Truncated: `203.0.113.x`. */
    address?: string
    userAgent?: string
    fbpCookie: boolean
    fbcCookie: boolean
  }
  issues: readonly Issue[]
  /** What Meta is sent, hashes shortened and identifiers masked. */
  sent?: unknown
  attempts: readonly FlowAttempt[]
  /** Attempts that are no longer kept one by one. */
  attemptsLeftOut: number
  settled?: { kind: 'delivered' | 'dead' | 'expired'; atMs: number; reason?: DeathReason; remedy?: string }
}

/** What happened in a range of time. */
export interface Summary {
  nowMs: number
  fromMs: number
  toMs: number
  /** The width of a point. */
  stepMs: number
  /** Only points in which something happened, oldest first. */
  points: { atMs: number; counts: Counts }[]
  /** Per event name, busiest first. */
  names: { eventName: string; counts: Counts }[]
  total: Counts
  /** What was last said about each cause, newest first. */
  notes: Note[]
}

/** The last words about one cause of trouble. */
export interface Note {
  kind: 'attempt' | 'dead' | 'rejected' | 'alarm'
  cause: string
  pixelId: string
  atMs: number
  message: string
  code?: number
  subcode?: number
  fbtraceId?: string
  remedy?: string
}

/** How things stand now. */
export interface Health {
  nowMs: number
  startedAtMs: number
  queue?: {
    waitingEvents: number
    bytes: number
    maxBytes: number
    oldestReceivedAtMs?: number
    refusing?: string
    deadLetters: number
  }
  /** Why the queue could not be asked. */
  queueProblem?: string
  lanes: {
    pixelId: string
    testEventCode?: string
    waitingEvents: number
    oldestReceivedAtMs?: number
    hold?: LaneHold
  }[]
  books: (PixelBooks & { gap: number })[]
  /** Wrong passwords since the start. */
  wrongPasswords: number
  /** What the inspector itself could not keep up with. */
  history: { samplesLeftOut: number; problem?: string }
}

export interface DeadLetterRow extends Omit<DeadLetter, 'lane' | 'json'> {
  pixelId: string
  remedy?: string
  /** Redacted like `FlowEvent.sent`. */
  event: unknown
}

export interface DeadLetterPage {
  letters: DeadLetterRow[]
  /** Where the next page starts; none when this is the last. */
  after?: string
}

export interface Setup {
  nowMs: number
  pixels: { id: string; testEventCode?: string; hasToken: boolean }[]
  /** The built-in sandbox stands in for Meta. */
  sandbox: boolean
  /** A password is asked for, so there is something to sign out of. */
  password: boolean
}

/** Meta's own view of one pixel, or why it cannot be had. */
export type MetaQuality =
  { kind: 'known'; atMs: number; names: MetaNameQuality[] } | { kind: 'unavailable'; atMs: number; reason: string }

export interface MetaNameQuality {
  eventName: string
  /** Event Match Quality, 0 to 10. */
  score?: number
  /** Share of the pixel's events that Meta also has from a server, in percent, and Meta's goal for it. */
  coveragePercent?: number
  coverageGoalPercent?: number
  freshness?: string
  advice: string[]
}
