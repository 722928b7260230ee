import type { Now } from '../clock.js'

/** How many seconds' worth of requests may come at once. */
const BURST_S = 5

/** More addresses than this at a time, and the oldest half is forgiven early: bounded whatever strangers send. */
const MAX_ADDRESSES = 100_000

/** Lets so many requests a second through for each key. */
export interface RateLimit {
  /** Takes one request's room; 0 when there was room, else after how many seconds there is. */
  take(key: string): number
  /** Gives the room of one request back. */
  giveBack(key: string): void
}

/**
 * A leaky bucket for each key (GCRA): one number tells when its bucket will be empty. Full: wait.
 *
 * Own, because it is 30 lines: no promise on the way of every request, and two generations of one map forget without timers.
 *
 * @param perSecond requests a second; 0 is without limit
 */
export function createRateLimit(perSecond: number, now: Now): RateLimit {
  if (perSecond === 0) return { take: () => 0, giveBack() {} }

  const costMs = 1000 / perSecond
  const burstMs = BURST_S * 1000
  let emptyAtMs = new Map<string, number>()
  let before = new Map<string, number>()
  let turnedAtMs = now()

  const charge = (key: string, costMs: number): number => {
    const nowMs = now()
    // What has not been touched for a whole burst is empty: it can be forgotten.
    if (nowMs - turnedAtMs >= burstMs || nowMs < turnedAtMs || emptyAtMs.size >= MAX_ADDRESSES) {
      before = emptyAtMs
      emptyAtMs = new Map()
      turnedAtMs = nowMs
    }
    const known = emptyAtMs.get(key) ?? before.get(key) ?? nowMs
    // Never fuller than full, even if the clock was set back since.
    const emptyMs = Math.min(Math.max(nowMs, known), nowMs + burstMs) + costMs
    const excessMs = emptyMs - nowMs - burstMs
    if (excessMs > 0) return Math.ceil(excessMs / 1000)
    emptyAtMs.set(key, emptyMs)
    return 0
  }

  return {
    take: (key) => charge(key, costMs),
    giveBack(key) {
      charge(key, -costMs)
    },
  }
}
