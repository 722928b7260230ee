import type { Logger } from 'pino'
import type { Dispatcher } from 'undici'
import { QueueFullError, QueueUnavailableError } from '../errors.js'
import type { Observe } from '../observer.js'
import type { Pixels } from '../pixels.js'
import type { AppendResult, DeathReason, Drops, LaneKey, LeasedEvent, PixelBooks, Queue } from '../queue/queue.js'
import type { QueuedEvent } from '../queue/queue.js'
import { emptyPage, laneName } from '../queue/queue.js'
import type { Attempt } from './attempt.js'
import { createAttempt } from './attempt.js'
import { backoffMs } from './backoff.js'
import type { End } from './deliver.js'
import { deliver } from './deliver.js'
import { createGraphApi } from './graph-api.js'
import { createMetaClock, wordsForWrong } from './meta-clock.js'
import type { RelayLimits } from './limits.js'
import { RELAY_LIMITS } from './limits.js'
import { remedyFor } from './remedies.js'

export interface DirectQueueOptions {
  pixels: Pixels
  graphUrl: string
  apiVersion: string
  observe: Observe
  log?: Logger
  now?: () => number
  random?: () => number
  dispatcher?: Dispatcher
  limits?: Partial<RelayLimits>
  /**
   * How long an append may take in all, retries included, in milliseconds.
   *
   * @defaultValue `20_000`: API Gateway ends a request after 29 seconds.
   */
  timeMs?: number
}

/** More appends at once than this are refused: each would wait longer for a connection than it has time. */
const MAX_APPENDS = 64

/**
 * No queue at all (`QUEUE_URL=direct:`): `append()` resolves when Meta has the events, for places without a disk, such as AWS Lambda.
 *
 * Of the queue's promises only these are kept: what `append()` resolved for is safe, because Meta has it; and the books balance,
 * for as long as the process lives. An event that Meta refused is `refused`, with Meta's words, and kept nowhere. When Meta
 * cannot be asked, or refuses the token, nothing is promised: `QueueUnavailableError`, and the sender may ask again with the
 * same event ids.
 */
export function createDirectQueue(options: DirectQueueOptions): Queue {
  const { observe, log, now = () => Date.now(), random = Math.random, timeMs = 20_000 } = options
  const limits: RelayLimits = { ...RELAY_LIMITS, ...options.limits }
  const api = createGraphApi({ ...options, limits })
  const metaClock = createMetaClock({
    now,
    onWrong(aheadMs) {
      log?.error({ event: 'alarm', code: 'clock_wrong' }, wordsForWrong(aheadMs))
      observe({ kind: 'alarm', atMs: now(), code: 'clock_wrong', message: wordsForWrong(aheadMs) })
    },
    onRight: () => undefined,
  })
  const attempt = createAttempt({ api, pixels: options.pixels, observe, log, now, metaClock, limits })
  const books = new Map<string, PixelBooks>()
  let appends = 0
  let waiting = 0

  function pageOf(pixelId: string): PixelBooks {
    let page = books.get(pixelId)
    if (page === undefined) books.set(pixelId, (page = emptyPage(pixelId)))
    return page
  }

  function enter(drops: Drops, events: readonly QueuedEvent[], refused: ReadonlyMap<number, DeathReason>): void {
    for (const { pixelId, reason, count } of drops) {
      const page = pageOf(pixelId)
      page.received += count
      page.dropped[reason] = (page.dropped[reason] ?? 0) + count
    }
    events.forEach(({ lane }, index) => {
      const page = pageOf(lane.pixelId)
      page.received++
      if (refused.has(index)) page.dead++
      else page.delivered++
    })
  }

  return {
    async append(events, drops = []): Promise<AppendResult> {
      if (appends >= MAX_APPENDS) throw new QueueFullError('Too many requests wait for Meta.')
      appends++
      waiting += events.length
      try {
        const endsAtMs = performance.now() + timeMs
        const world = { attempt, now, random, limits, endsAtMs }
        const refusals = await Promise.all(
          byLane(events, now()).map(([lane, leased]) => sendDirect(lane, leased, world)),
        )
        const refused = new Map(refusals.flatMap((some) => [...some]))
        enter(drops, events, refused)
        const stored = events.map((_, index) => (refused.has(index) ? 'refused' : 'stored'))
        if (refused.size === 0) return { stored }
        return { stored, refused: [...refused].map(([index, reason]) => ({ index, reason })) }
      } finally {
        appends--
        waiting -= events.length
      }
    },

    lease: () => Promise.resolve(undefined),
    settle: () => Promise.resolve(),
    lanes: () => Promise.resolve([]),
    hold: () => Promise.resolve(),
    onWaiting: () => () => undefined,
    deadLetters: {
      list: () => Promise.resolve([]),
      replay: () => Promise.resolve({ replayed: 0, tooOld: 0 }),
      drop: () => Promise.resolve(0),
    },
    books: () => Promise.resolve({ pixels: [...books.values()].map((page) => structuredClone(page)) }),
    status: () =>
      Promise.resolve({ waitingEvents: waiting, bytes: 0, maxBytes: Number.MAX_SAFE_INTEGER, deadLetters: 0 }),
    probe: () => Promise.resolve(),
    close: () => api.close(),
  }
}

interface DirectWorld {
  attempt: Attempt
  now: () => number
  random: () => number
  limits: RelayLimits
  endsAtMs: number
}

/**
 * Sends events of one lane until Meta has taken or refused each.
 *
 * @returns why, by position in the append, for each that was refused
 * @throws QueueUnavailableError when Meta cannot be asked in time, or refuses the settings
 */
async function sendDirect(
  lane: LaneKey,
  events: readonly LeasedEvent[],
  { attempt, now, random, limits, endsAtMs }: DirectWorld,
): Promise<Map<number, DeathReason>> {
  const refused = new Map<number, DeathReason>()
  const strikes = createCounter()
  let left = events
  let { maxEvents } = limits

  for (let failures = 0; left.length > 0;) {
    const delivery = await deliver(left.slice(0, maxEvents), {
      attempt: (some, bisecting) => attempt(lane, some, bisecting),
      mayBisect: () => performance.now() < endsAtMs,
      // There may be no others to compare with: an event that is refused often enough is refused.
      judge: (ref, tries = Infinity) => (strikes.add(ref) >= tries ? 'condemned' : 'spared'),
      now,
    })
    const over = new Set<string>()
    for (const verdict of delivery.verdicts) {
      if (verdict.kind !== 'free') over.add(verdict.ref)
      if (verdict.kind === 'dead' || verdict.kind === 'expired') refused.set(Number(verdict.ref), verdict.reason)
    }
    left = left.filter(({ ref }) => !over.has(ref))
    if (delivery.end.kind === 'done') continue

    if (delivery.end.kind === 'pause' && delivery.end.outcome.cause === 'too_large')
      maxEvents = delivery.end.inHand >> 1
    failures = delivery.accepted > 0 ? 1 : failures + 1
    const waitMs = waitBefore(delivery.end) ?? backoffMs(failures, backoffOf(limits), random)
    if (performance.now() + waitMs >= endsAtMs) throw unavailable(delivery.end)
    await new Promise((resolve) => setTimeout(resolve, waitMs))
  }
  return refused
}

function createCounter(): { add(ref: string): number } {
  const counts = new Map<string, number>()
  return {
    add(ref) {
      const count = (counts.get(ref) ?? 0) + 1
      counts.set(ref, count)
      return count
    },
  }
}

const backoffOf = ({ backoffBaseMs, backoffCapMs }: RelayLimits) => ({
  baseMs: backoffBaseMs / 4,
  capMs: Math.min(backoffCapMs, 4_000),
})

/** A refused token is not mended within a request: there is no use in waiting. */
function waitBefore(end: Exclude<End, { kind: 'done' }>): number | undefined {
  if (end.kind === 'out_of_budget' || end.outcome.kind === 'park') return Infinity
  return end.outcome.afterMs
}

function unavailable(end: Exclude<End, { kind: 'done' }>): QueueUnavailableError {
  const cause = end.kind === 'pause' ? end.outcome.cause : 'bisect_budget'
  return new QueueUnavailableError(`Meta did not take the events (${cause}). ${remedyFor({ cause })}`)
}

/** Lanes with their events, each named by its place in the append. */
function byLane(events: readonly QueuedEvent[], receivedAtMs: number): [LaneKey, LeasedEvent[]][] {
  const lanes = new Map<string, [LaneKey, LeasedEvent[]]>()
  events.forEach(({ lane, ...event }, index) => {
    const name = laneName(lane)
    const entry = lanes.get(name) ?? [lane, []]
    entry[1].push({ ref: String(index), receivedAtMs, ...event })
    lanes.set(name, entry)
  })
  return [...lanes.values()]
}
