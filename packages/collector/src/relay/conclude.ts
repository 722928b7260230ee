import { backoffMs } from './backoff.js'
import type { BreakerState } from './breaker.js'
import type { Delivery, Trouble } from './deliver.js'
import type { Lane } from './lane.js'
import type { RelayLimits } from './limits.js'
import { faster, slower } from './pace.js'
import { WAY_CAUSES } from './reach.js'
import { remedyFor } from './remedies.js'
import type { Rests } from './rests.js'
import { restMs } from './usage.js'

/** So many deaths with nothing accepted in between are worth an alarm: someone sends nothing but garbage. */
const DEATHS_WORTH_AN_ALARM = 20

/** Enough requests to find one bad event. */
const REQUESTS_OF_A_SEARCH = 16

export interface ConcludeOptions {
  rests: Rests
  limits: RelayLimits
  random: () => number
  breakerState: () => BreakerState
  alarm: (code: string, message: string) => void
}

/**
 * What a batch says about its lane: how fast it goes on, or how long it rests.
 *
 * @param probing whether the batch was one event of a parked lane, to see
 */
export type Conclude = (lane: Lane, delivery: Delivery, probing: boolean) => void

export function createConclude({ rests, limits, random, breakerState, alarm }: ConcludeOptions): Conclude {
  function countDeaths(lane: Lane, dead: number): void {
    const before = lane.deathsInARow
    lane.deathsInARow += dead
    if (before >= DEATHS_WORTH_AN_ALARM || lane.deathsInARow < DEATHS_WORTH_AN_ALARM) return
    const { pixelId } = lane.key
    alarm('events_refused', `Pixel ${pixelId}: Meta refuses one event after the other; see the dead letters.`)
  }

  function suffer(lane: Lane, outcome: Trouble): void {
    const { cause } = outcome
    if (outcome.kind === 'park') return rests.park(lane, cause, outcome.reason.message)

    if (cause === 'blocked') alarm('lane_blocked', `Pixel ${lane.key.pixelId}: ${remedyFor({ cause })}`)
    const isThrottled = cause === 'throttled' || cause === 'blocked'
    const baseMs = isThrottled ? limits.throttleBaseMs : limits.backoffBaseMs
    const ownMs = () => backoffMs(lane.pace.failures, { baseMs, capMs: limits.backoffCapMs }, random)
    const ms = Math.min(limits.maxWaitMs, outcome.afterMs ?? ownMs())

    if (isThrottled) rests.throttle(lane, cause, ms)
    // Where nothing can be reached the breaker says when one lane tries for all.
    else if (WAY_CAUSES.has(cause) && breakerState() !== 'closed') lane.more = true
    else rests.wait(lane, cause, ms)
  }

  return (lane, delivery, probing) => {
    const { accepted, dead, strange, end, usage } = delivery
    if (accepted > 0) {
      lane.pace = faster(lane.pace, limits)
      lane.suspects.confirm()
      lane.strangeRefusals = 0
      lane.deathsInARow = 0
    } else {
      lane.strangeRefusals += strange
    }
    countDeaths(lane, dead)

    const isMended = end.kind !== 'pause' && accepted + dead > 0
    if (isMended && (lane.state !== 'parked' || probing)) rests.flow(lane)
    switch (end.kind) {
      case 'done': {
        if (probing) rests.resume(lane)
        const ms = restMs(usage)
        if (ms > 0) rests.throttle(lane, 'usage_high', ms)
        return
      }
      case 'out_of_budget':
        lane.pace = { ...lane.pace, maxEvents: end.inHand }
        return rests.wait(lane, 'bisect_budget', lane.budget.msUntil(REQUESTS_OF_A_SEARCH))
      case 'pause':
        lane.pace = slower(lane.pace, end.outcome, end)
        return suffer(lane, end.outcome)
    }
  }
}
