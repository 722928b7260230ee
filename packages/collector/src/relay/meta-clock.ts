import { remedyFor } from './remedies.js'

/**
 * Meta's clock, as far as its answers tell it (`Date`).
 *
 * Meta compares an event's time with its own clock, so by that the age of events is measured here too: a machine whose clock is
 * set wrong, or jumps by days, must not let events expire that Meta would still take. And somebody must be told, for such a machine
 * also gives events wrong times.
 *
 * The header counts seconds and took a while to come: an error of less than a minute says nothing. One answer alone is not
 * believed either.
 */
export interface MetaClock {
  /**
   * An answer in Meta's words came just now.
   *
   * @returns how far the clock of this machine is ahead, in milliseconds; `undefined` when the header does not say
   */
  heard(date: string | string[] | undefined, tookMs: number): number | undefined
  /** What time it is at Meta, in milliseconds since the epoch; as long as nothing else is known, what this machine says. */
  now(): number
}

export interface MetaClockOptions {
  /** Milliseconds since the epoch by this machine. */
  now: () => number
  /** A clock that never jumps. */
  clockMs?: () => number
  /** This machine's clock is wrong: told once, and again only after it was right. */
  onWrong: (aheadMs: number) => void
  onRight: () => void
}

/** From here on the clock is wrong; the same bound as that of `pixel-mirror check`. */
const WRONG_MS = 60_000
/** Two answers that differ by less say the same. */
const SAME_MS = 10_000
/** The header leaves out what is below a second. */
const HALF_A_SECOND_MS = 500

export function createMetaClock({
  now,
  clockMs = () => performance.now(),
  onWrong,
  onRight,
}: MetaClockOptions): MetaClock {
  /** Meta's time less that of the clock that never jumps: by the last answer, and by the last two that agreed. */
  let last: number | undefined
  let believed: number | undefined
  let isWrong = false

  return {
    heard(date, tookMs) {
      const saidMs = typeof date === 'string' ? Date.parse(date) : NaN
      if (Number.isNaN(saidMs)) return undefined
      const theirsMs = saidMs + HALF_A_SECOND_MS + tookMs / 2
      const before = last
      last = theirsMs - clockMs()
      const aheadMs = Math.round(now() - theirsMs)
      if (before === undefined || Math.abs(last - before) > SAME_MS + tookMs) return aheadMs

      believed = last
      const wasWrong = isWrong
      isWrong = Math.abs(aheadMs) > WRONG_MS + tookMs
      if (isWrong && !wasWrong) onWrong(aheadMs)
      if (!isWrong && wasWrong) onRight()
      return aheadMs
    },

    now() {
      const ownMs = now()
      const theirsMs = believed === undefined ? ownMs : believed + clockMs()
      return Math.abs(ownMs - theirsMs) > WRONG_MS ? Math.round(theirsMs) : ownMs
    },
  }
}

/** What to tell people whose machine is ahead by so much. */
export function wordsForWrong(aheadMs: number): string {
  const seconds = Math.round(Math.abs(aheadMs) / 1_000)
  const off = `${seconds} seconds ${aheadMs > 0 ? 'ahead of' : 'behind'} Meta's`
  return `The clock of this machine is ${off}: events get wrong times. ${remedyFor({ cause: 'clock_wrong' })}`
}
