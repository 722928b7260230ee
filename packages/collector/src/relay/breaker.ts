import type { Backoff } from './backoff.js'
import { backoffMs } from './backoff.js'

/**
 * The way to Meta as a whole: name lookup, connection, certificate.
 *
 * All lanes share it, so that a hundred of them do not hammer on a door that is shut for all. Only failures before a request
 * could leave count; once a connection stands, whatever comes back over it proves the way open. One pixel's trouble therefore
 * never moves it.
 */
export interface Breaker {
  readonly state: BreakerState
  /** One more request sets out. Only to be called while `closed` or `half_open`. */
  enter(): void
  /** A request got through to the other side. Returns whether that opened the way again. */
  reached(): boolean
  /** A request could not leave. Returns for how many milliseconds nobody should try, if that was decided just now. */
  failed(): number | undefined
  /** The time that `failed()` named is over. */
  halfOpen(): void
  /** Who set out came back without having tried. */
  withdrew(): void
}

/** `open`: nobody goes. `half_open`: one may go, to see. `trying`: it is on its way, the others wait for what it finds. */
export type BreakerState = 'closed' | 'open' | 'half_open' | 'trying'

export function createBreaker(opensAfter: number, backoff: Backoff, random: () => number): Breaker {
  let state: BreakerState = 'closed'
  let failures = 0

  return {
    get state() {
      return state
    },
    enter() {
      if (state === 'half_open') state = 'trying'
    },
    reached() {
      const opened = state !== 'closed'
      state = 'closed'
      failures = 0
      return opened
    },
    failed() {
      // Requests that left before it opened fail after it: they say nothing new.
      if (state === 'open') return undefined
      failures++
      if (failures < opensAfter) return undefined
      state = 'open'
      // The upper half of the bound: where everyone waits for one, coming back at once is of no use.
      return backoffMs(failures - opensAfter + 1, backoff, () => 0.5 + random() / 2)
    },
    halfOpen() {
      if (state === 'open') state = 'half_open'
    },
    withdrew() {
      if (state === 'trying') state = 'half_open'
    },
  }
}
