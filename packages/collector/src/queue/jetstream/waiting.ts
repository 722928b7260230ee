/** What waits, as a node knows it from the log without asking anybody. */
import type { LaneHold, LaneStatus, QueueStatus } from '../queue.js'
import type { PixelState } from './pixel-state.js'

/** The lanes of a pixel that hold events, or a hold. */
export function lanesOf(pixel: PixelState): LaneStatus[] {
  const { waiting, page } = pixel
  return [...new Set([...waiting.keys(), ...Object.keys(page.holds)])].map((testEventCode) => {
    const { events, bytes } = waiting.get(testEventCode) ?? { events: 0, bytes: 0 }
    const oldestReceivedAtMs = events > 0 ? pixel.oldestReceivedAtMs(testEventCode) : undefined
    const hold: LaneHold | undefined = page.holds[testEventCode]
    return {
      lane: pixel.lane(testEventCode),
      waitingEvents: events,
      waitingBytes: bytes,
      ...(oldestReceivedAtMs !== undefined && { oldestReceivedAtMs }),
      ...(hold && { hold }),
    }
  })
}

/** Bytes of texts that wait. */
export const waitingBytes = (pixels: Iterable<PixelState>) =>
  sum(pixels, ({ waiting }) => [...waiting.values()].reduce((total, { bytes }) => total + bytes, 0))

export function statusOf(pixels: Iterable<PixelState>): Omit<QueueStatus, 'maxBytes' | 'refusing'> {
  const all = [...pixels]
  const lanes = all.flatMap(lanesOf)
  const oldest = lanes.flatMap(({ oldestReceivedAtMs }) => oldestReceivedAtMs ?? [])
  return {
    waitingEvents: lanes.reduce((total, { waitingEvents }) => total + waitingEvents, 0),
    bytes: waitingBytes(all),
    deadLetters: sum(all, (pixel) => pixel.letterCount),
    ...(oldest.length > 0 && { oldestReceivedAtMs: Math.min(...oldest) }),
  }
}

function sum(pixels: Iterable<PixelState>, of: (pixel: PixelState) => number): number {
  let total = 0
  for (const pixel of pixels) total += of(pixel)
  return total
}
