/**
 * A pixel's page in the books: what has become of its chunks. The newest page says all; older ones are only history.
 *
 * It is changed by writing the next one. Two nodes that write at once give it the same number, and the log's order decides.
 */
import type { DropReason } from '../queue.js'
import type { LetterFacts, PageFacts, PageSums } from './messages.js'
import { readAmbiguous, writeAmbiguous } from './messages.js'
import { fromRanges, toRanges } from './ranges.js'

export interface Page extends PageSums {
  settled: Set<number>
  partial: Map<number, Set<number>>
  ambiguous: Map<number, Map<number, number>>
  lettersGone: Map<number, Set<number>>
}

export const emptyPage = (): Page => ({
  version: 0,
  epoch: 0,
  at: 0,
  received: 0,
  delivered: 0,
  dead: 0,
  expired: 0,
  dropped: {},
  replayed: 0,
  lettersDropped: 0,
  settled: new Set(),
  partial: new Map(),
  ambiguous: new Map(),
  lettersGone: new Map(),
  holds: {},
})

/** A copy to change; the one in the state stays as the log has it. */
export const copyOf = (page: Page): Page => structuredClone(page)

export function readPage(facts: PageFacts): Page {
  const { id: _, letters: __, settled, partial, ambiguous, lettersGone, ...plain } = facts
  return {
    ...plain,
    settled: fromRanges(settled),
    partial: new Map(partial.map(([chunk, indexes]) => [chunk, fromRanges(indexes)])),
    ambiguous: readAmbiguous(ambiguous),
    lettersGone: new Map(lettersGone.map(([seq, indexes]) => [seq, fromRanges(indexes)])),
  }
}

export function writePage(page: Page, id: string, letters?: LetterFacts): PageFacts {
  const { settled, partial, ambiguous, lettersGone, ...plain } = page
  return {
    ...plain,
    id,
    settled: toRanges(settled),
    partial: [...partial].map(([chunk, indexes]) => [chunk, toRanges(indexes)]),
    ambiguous: writeAmbiguous(ambiguous),
    lettersGone: [...lettersGone].map(([seq, indexes]) => [seq, toRanges(indexes)]),
    ...(letters && { letters }),
  }
}

export function addDrops(
  sums: Partial<Record<DropReason, number>>,
  drops: Partial<Record<DropReason, number>>,
  sign = 1,
): void {
  for (const [reason, count] of Object.entries(drops) as [DropReason, number][]) {
    const sum = (sums[reason] ?? 0) + sign * count
    if (sum === 0) delete sums[reason]
    else sums[reason] = sum
  }
}
