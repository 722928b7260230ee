import type { Delivered } from './destination.js'

/** What is wrong, one entry for each fault: an event with several faults stands there several times. */
export type Fault = { index: number; path: string; message: string }

/** The same, one entry for each event. */
export function byEvent(faults: readonly Fault[]): Delivered['refused'] {
  const reasons = new Map<number, string[]>()
  for (const { index, path, message } of faults) {
    const reason = path ? `${path}: ${message}` : message
    reasons.set(index, [...(reasons.get(index) ?? []), reason])
  }
  return Array.from(reasons, ([index, words]) => ({ index, reason: words.join(' ') }))
}
