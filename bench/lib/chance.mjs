/**
 * Chance that can be had again: the same seed gives the same numbers.
 *
 * @param {number} seed
 */
export function chance(seed) {
  let state = seed | 0

  /** @returns a number from 0 to below 1 */
  function next() {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  const between = (low, high) => low + next() * (high - low)
  const oneOf = (list) => list[Math.floor(next() * list.length)]

  /** A deck of cards that is shuffled anew whenever all have been drawn: every card comes equally often. */
  function deck(cards) {
    let left = []
    return () => {
      if (left.length === 0) left = [...cards]
      return left.splice(Math.floor(next() * left.length), 1)[0]
    }
  }

  return { next, between, oneOf, deck }
}
