import type { Now } from '../clock.js'
import type { Log } from '../logger.js'
import type { TurnedAway } from '../observer.js'

/** So often at most a reason is said again. */
const EVERY_MS = 60_000

/** What is wrong with the settings, more often than with the sender: worth an operator's look. */
const WORTH_A_WARNING: ReadonlySet<TurnedAway> = new Set([
  'origin',
  'api_key',
  'unknown_pixel',
  'rate',
  'too_large',
  'queue_full',
])

/** Tells of a request that was turned away. `origin`: the page's, where that is the reason. */
export type NoteTurnedAway = (reason: TurnedAway, origin?: string) => void

/**
 * Logs that requests are turned away: the first at once, then once a minute for each reason, with how many there were.
 *
 * A wrong allow-list is found by this line; a flood of strangers makes no flood of lines.
 */
export function createTurnedAwayLog(log: Log, now: Now): NoteTurnedAway {
  const reasons = new Map<TurnedAway, { saidAtMs: number; sinceThen: number }>()
  return (reason, origin) => {
    const known = reasons.get(reason)
    if (known !== undefined && now() - known.saidAtMs < EVERY_MS) {
      known.sinceThen++
      return
    }
    const fields = {
      event: 'http.turned_away',
      reason,
      count: (known?.sinceThen ?? 0) + 1,
      ...(origin !== undefined && isOrigin(origin) && { origin }),
    }
    if (WORTH_A_WARNING.has(reason)) log.warn(fields, 'requests are turned away')
    else log.debug(fields, 'requests are turned away')
    reasons.set(reason, { saidAtMs: now(), sinceThen: 0 })
  }
}

/** As a browser writes it, and no longer than a host's name: strangers can write anything here. */
function isOrigin(text: string): boolean {
  return text.length <= 260 && URL.canParse(text) && new URL(text).origin === text
}
