import type { Logger } from 'pino'
import type { Observe } from '../observer.js'
import type { Lease, LeasedEvent, LeaseLimit, Queue } from '../queue/queue.js'
import { lengthOf } from '../queue/texts.js'
import type { Attempt } from './attempt.js'
import type { DeliverOptions, Delivery } from './deliver.js'
import { add, deliver } from './deliver.js'
import { expire } from './expire.js'
import type { Lane } from './lane.js'
import type { RelayLimits } from './limits.js'
import { settleForSure } from './settle.js'
import { PROOF_OF_FAILURE, proofOfRefusal } from './suspects.js'

/** After so many failures in a row events are sent one by one, a few at a time, to see whether one of them is the reason. */
const FAILURES_BEFORE_DOUBT = 6
const EVENTS_IN_DOUBT = 8

/** To try a parked lane one event is enough; more are leased so that those whose time is over do not hold it up. */
const EVENTS_TO_PROBE = 50

/** So many strange refusals with nothing accepted in between: then it is likely not the events. */
const STRANGE_REFUSALS = 3

export interface BatchOptions {
  queue: Queue
  attempt: Attempt
  limits: RelayLimits
  now: () => number
  /** What time it is at Meta, which decides about the age of events. */
  metaNow: () => number
  random: () => number
  observe: Observe
  log?: Logger | undefined
  alarm: (code: string, message: string) => void
  isStopping: () => boolean
  sleep: (ms: number) => Promise<void>
}

/** How a lane's next batch is taken and sent. */
export interface Manner {
  /** Parked: one event, to see. */
  probing: boolean
  /** In long trouble: one by one, to see whether it is the events. */
  doubting: boolean
  /** Over a socket that is for small batches. */
  express: boolean
}

/** What was leased, and what became of it so far. */
export interface Sent {
  delivery: Delivery
  /** Whether a request was made. */
  tried: boolean
}

export interface Batches {
  /** Leases for the lane; `undefined` when nothing is free, or the relay stops. */
  lease(lane: Lane, manner: Manner): Promise<Lease | undefined>
  send(lane: Lane, lease: Lease, manner: Manner): Promise<Sent>
  /** Writes what became of the events, however long it takes. */
  settle(lane: Lane, lease: Lease, delivery: Delivery): Promise<void>
}

export function mannerOf({ probing, pace }: Lane, express: boolean): Manner {
  return { probing, doubting: !probing && pace.failures >= FAILURES_BEFORE_DOUBT, express }
}

/** A batch of a lane from the queue to Meta and back, in three steps. Whose turn it is and what follows is not decided here. */
export function createBatches(options: BatchOptions): Batches {
  const { queue, attempt, limits, now, metaNow, random, observe, log, alarm, isStopping, sleep } = options

  /** How many events a request may have. */
  function mostEvents(lane: Lane, { doubting, express }: Manner): number {
    const { maxEvents } = lane.pace
    return doubting ? EVENTS_IN_DOUBT : express ? Math.min(maxEvents, limits.expressEvents) : maxEvents
  }

  function limitOf(lane: Lane, manner: Manner): LeaseLimit {
    const maxEvents = manner.probing ? EVENTS_TO_PROBE : mostEvents(lane, manner)
    // Suspects, which are passed over, must not keep the others from being seen.
    return { maxEvents: maxEvents + lane.suspects.size, maxBytes: limits.maxBytes }
  }

  function judge(lane: Lane, ref: string, tries: number | undefined, othersAccepted: boolean): 'spared' | 'condemned' {
    if (tries !== undefined) return lane.suspects.strike(ref, proofOfRefusal(tries), othersAccepted)
    // While everything fails nobody is to blame.
    if (!othersAccepted && !lane.suspects.has(ref)) return 'spared'
    return lane.suspects.strike(ref, PROOF_OF_FAILURE, othersAccepted)
  }

  return {
    async lease(lane, manner) {
      const limit = limitOf(lane, manner)
      lane.more = false
      lane.added = 0
      const lease = await queue.lease(lane.key, limit)
      if (lease === undefined) return undefined
      if (isStopping()) {
        await queue.settle(lease, [])
        return undefined
      }
      const bytes = lease.events.reduce((sum, event) => sum + lengthOf(event), 0)
      // A full batch is rarely the last one.
      lane.more ||= lease.events.length * 2 >= limit.maxEvents || bytes * 2 >= limit.maxBytes
      return lease
    },

    async send(lane, lease, manner) {
      const { probing, doubting } = manner
      let tried = false
      const { fresh, expired } = expire(lease.events, { meta: metaNow(), own: now() }, limits.ambiguousLifetimeMs)
      const { others, due } = lane.suspects.part(fresh)
      const strangeAllowed = STRANGE_REFUSALS - lane.strangeRefusals
      const pass = (events: readonly LeasedEvent[], how: Partial<DeliverOptions>) =>
        deliver(events, {
          attempt(some, bisecting) {
            tried = true
            return attempt(lane.key, some, bisecting)
          },
          mayBisect: () => !isStopping() && lane.budget.take(),
          judge: (ref, tries, othersAccepted) => judge(lane, ref, tries, othersAccepted),
          strangeAllowed,
          now,
          ...how,
        })

      const batch = probing ? [...others, ...fresh].slice(0, 1) : others.slice(0, limits.maxEvents)
      const delivery = await pass(batch, { oneByOne: doubting })
      if (due !== undefined && !probing && !isStopping() && delivery.end.kind === 'done') {
        const isItsOwn = lane.suspects.isConfirmed(due.ref)
        const how = { oneByOne: true, othersAccepted: delivery.accepted > 0 }
        add(delivery, await pass([due], isItsOwn ? { ...how, strangeAllowed: Infinity } : how))
        if (isItsOwn) delivery.strange = 0
      }
      delivery.verdicts.push(...expired)
      return { delivery, tried }
    },

    async settle(lane, lease, { verdicts }) {
      if (lane.suspects.size > 0) for (const { ref, kind } of verdicts) if (kind !== 'free') lane.suspects.forget(ref)
      const settled = await settleForSure(queue, lease, verdicts, {
        isStopping,
        sleep,
        random,
        onFailure(error, failures) {
          log?.error({ event: 'relay.settle', lane: lane.name, err: error }, 'verdicts cannot be written')
          if (failures === 3) alarm('settle_failed', `What became of ${lease.events.length} events cannot be written.`)
        },
      })
      if (settled) observe({ kind: 'settled', atMs: now(), lane: lane.key, events: lease.events, verdicts })
    },
  }
}
