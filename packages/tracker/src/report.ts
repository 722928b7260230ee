/** Tells the page, and in debug mode the console, what became of each event. */
import type { IncomingEvent } from '@pixel-mirror/common'
import { options } from './options.js'
import { PREFIX } from './prefix.js'

/** An event on its way to the collector. */
export type TrackedEvent = IncomingEvent & { event_name: string; event_time: number }

/** What an event can come to: accepted by the collector, refused by it, or left out here. */
export type Outcome = 'sent' | 'rejected' | 'dropped'

/** `why` is the collector's answer for `rejected`, and `full`, `expired` or `repeat` for `dropped`. */
export type OutcomeListener = (event: TrackedEvent, why?: unknown) => void

const listeners: [Outcome, OutcomeListener][] = []

export const on = (...listener: [Outcome, OutcomeListener]): void => {
  listeners.push(listener)
}

export const report = (outcome: Outcome, event: TrackedEvent, why?: unknown): void => {
  hint(outcome, event, why)
  listeners.forEach(([wanted, listener]) => wanted === outcome && attempt(() => listener(event, why)))
}

/** Says something to a developer who has asked for it. */
export const hint = (...words: unknown[]): void => {
  if (options.debug) console.log(PREFIX, ...words)
}

/** Does something that may fail, and returns nothing then: a guest on other people's pages never throws. */
export const attempt = <T>(something: () => T): T | undefined => {
  try {
    return something()
  } catch (error) {
    hint(error)
  }
}
