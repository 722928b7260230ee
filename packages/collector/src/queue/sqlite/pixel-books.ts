import type { PixelBooks } from '../queue.js'
import type { Lane } from './lanes.js'

/** The books as they are told: a page for each pixel, with the sums of all its lanes. */
export function booksOf(lanes: Iterable<Lane>): PixelBooks[] {
  const books = new Map<string, PixelBooks>()
  for (const { key, sums } of lanes) books.set(key.pixelId, withSums(books.get(key.pixelId), key.pixelId, sums))
  return [...books.values()]
}

function withSums(page: PixelBooks | undefined, pixelId: string, sums: Lane['sums']): PixelBooks {
  const dropped: PixelBooks['dropped'] = { ...page?.dropped }
  for (const reason of ['duplicate', 'bot', 'prefetch', 'vetoed', 'purged'] as const) {
    if (sums[reason] > 0) dropped[reason] = (dropped[reason] ?? 0) + sums[reason]
  }
  return {
    pixelId,
    received: (page?.received ?? 0) + sums.received,
    delivered: (page?.delivered ?? 0) + sums.delivered,
    dead: (page?.dead ?? 0) + sums.dead,
    expired: (page?.expired ?? 0) + sums.expired,
    dropped,
    waiting: (page?.waiting ?? 0) + sums.waiting,
    replayed: (page?.replayed ?? 0) + sums.replayed,
    lettersDropped: (page?.lettersDropped ?? 0) + sums.letters_dropped,
  }
}
