/**
 * Lets through so many a second and no more, so that showing events costs the same at 50 a second as at 10,000.
 *
 * @param perSecond how many
 * @returns asks for one at a moment; false when this second's share is used up
 */
export function createSampler(perSecond: number): (atMs: number) => boolean {
  let second = 0
  let used = 0
  return (atMs) => {
    const now = Math.floor(atMs / 1_000)
    if (now !== second) {
      second = now
      used = 0
    }
    return used++ < perSecond
  }
}
