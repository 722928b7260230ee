import type { DeadLetter, DeadLetterFilter } from './queue.js'

/** Whether a letter is meant. Every field that is set must fit; a filter without fields means all. */
export function matches({ pixelId, cause, ids, sinceMs }: DeadLetterFilter, letter: DeadLetter): boolean {
  return (
    (pixelId === undefined || letter.lane.pixelId === pixelId) &&
    (cause === undefined || letter.reason.cause === cause) &&
    (ids === undefined || ids.includes(letter.id)) &&
    (sinceMs === undefined || letter.diedAtMs >= sinceMs)
  )
}
