/** A bucket of permissions that fills steadily. */
export interface Budget {
  /** Takes one; `false` when there is none. */
  take(): boolean
  /** How long until there are so many, in milliseconds. */
  msUntil(count: number): number
}

/**
 * @param perMinute how many a minute brings, and how many can be saved up
 * @param clockMs a clock that never jumps
 */
export function createBudget(perMinute: number, clockMs: () => number = () => performance.now()): Budget {
  let left = perMinute
  let filledAtMs = clockMs()

  function fill(): void {
    const nowMs = clockMs()
    left = Math.min(perMinute, left + ((nowMs - filledAtMs) / 60_000) * perMinute)
    filledAtMs = nowMs
  }

  return {
    take() {
      fill()
      if (left < 1) return false
      left--
      return true
    },
    msUntil(count) {
      fill()
      return Math.max(0, Math.ceil(((Math.min(count, perMinute) - left) / perMinute) * 60_000))
    },
  }
}
