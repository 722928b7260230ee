import type { FlowEvent, FlowRow, FlowState, Note, Summary } from './api.js'
import type { Counts } from './counts.js'
import type { Sample, Step } from './flow.js'
import type { RangeName } from './range.js'

/**
 * What the inspector remembers: sums per minute and hour, and the latest picked events with their stories.
 *
 * It is for looking, not for the books: bounded by rows and age, written behind, and free to lose the last second in a crash.
 */
export interface History {
  /** What was picked before a restart and still waits. */
  waiting(): Promise<{ id: number; key: string }[]>
  write(batch: HistoryBatch): Promise<void>
  summary(query: SummaryQuery): Promise<Omit<Summary, 'nowMs'>>
  /** Newest first. */
  events(query: EventsQuery): Promise<FlowRow[]>
  event(id: number): Promise<FlowEvent | undefined>
  close(): Promise<void>
}

/** Everything since the last write. */
export interface HistoryBatch {
  nowMs: number
  sums: { minuteMs: number; pixelId: string; eventName: string; counts: Counts }[]
  samples: Sample[]
  steps: Step[]
  notes: Note[]
}

export interface SummaryQuery {
  range: RangeName
  nowMs: number
  /** How far the reader's clock is ahead of UTC. */
  offsetMinutes?: number
  pixelId?: string
  eventName?: string
}

export interface EventsQuery {
  limit: number
  /** Only events with a smaller id: the next page. */
  before?: number
  /** Only events with a larger id: what a reader missed. */
  after?: number
  pixelId?: string
  eventName?: string
  states?: readonly FlowState[]
  /** Part of an event's name or id. */
  search?: string
}

export interface HistoryLimits {
  /** Picked events that are kept. */
  events: number
  eventsKeptMs: number
  /** Rows of sums, minutes and hours together. */
  sums: number
  notes: number
}

export const HISTORY_LIMITS: HistoryLimits = { events: 5_000, eventsKeptMs: 7 * 86_400_000, sums: 400_000, notes: 500 }
