import type { LeasedEvent, Verdict } from '../queue/queue.js'
import type { Attempted } from './attempt.js'
import { afterAccepted, afterRefused, nextToSend, startSearch } from './bisect.js'
import type { Outcome } from './outcome.js'
import type { Usage } from './usage.js'

/** What became of one leased batch. */
export interface Delivery {
  /** Events without a verdict are free again. */
  verdicts: Verdict[]
  accepted: number
  /** Of the dead, those that were refused for a reason nobody knows. */
  unsure: number
  end: End
  usage?: Usage
}

/** Why it stopped. */
export type End =
  | { kind: 'done' }
  /** `inHand`: how many events were in the last request; `searching`: to be taken again just so, for a search goes on there. */
  | { kind: 'pause'; outcome: Extract<Outcome, { kind: 'retry' | 'park' }>; inHand: number; searching: boolean }
  /** No more requests for looking, for now. */
  | { kind: 'out_of_budget'; inHand: number }

export interface DeliverOptions {
  attempt: (events: readonly LeasedEvent[], bisecting: boolean) => Promise<Attempted>
  /** Asked before each request beyond the first. */
  mayBisect: () => boolean
  /** Counts refusals of single events that one refusal does not condemn. Returns how often this one was refused by now. */
  countRefusal: (ref: string) => number
  now: () => number
}

/** Sends a batch of fresh events, looks for the bad ones if Meta refuses it, and says what became of each. */
export async function deliver(events: readonly LeasedEvent[], options: DeliverOptions): Promise<Delivery> {
  const { attempt, mayBisect, countRefusal, now } = options
  const delivery: Delivery = { verdicts: [], accepted: 0, unsure: 0, end: { kind: 'done' } }
  let search = startSearch(events.length)

  for (let first = true; ; first = false) {
    const positions = nextToSend(search)
    if (positions === undefined) return delivery
    if (!first && !mayBisect()) return { ...delivery, end: { kind: 'out_of_budget', inHand: positions.length } }

    const sent = first ? events : positions.flatMap((position) => events[position] ?? [])
    const { outcome, usage } = await attempt(sent, !first)
    if (usage !== undefined) delivery.usage = usage

    const alone = sent.length === 1 ? sent[0] : undefined
    const pause = (outcome: Extract<Outcome, { kind: 'retry' | 'park' }>, searching = !first): Delivery => ({
      ...delivery,
      end: { kind: 'pause', outcome, inHand: sent.length, searching },
    })

    switch (outcome.kind) {
      case 'accepted':
        for (const { ref } of sent) delivery.verdicts.push({ ref, kind: 'delivered' })
        delivery.accepted += sent.length
        search = afterAccepted(search)
        break

      case 'split': {
        if (alone === undefined) {
          search = afterRefused(search, outcome.cause === 'too_old' ? oldest(sent) : outcome.hint)
          break
        }
        const { triesAlone = 1 } = outcome
        if (triesAlone > 1 && countRefusal(alone.ref) < triesAlone) {
          return pause({ kind: 'retry', cause: outcome.cause, ambiguous: false }, true)
        }
        delivery.verdicts.push(condemned(alone, outcome))
        if (triesAlone > 1) delivery.unsure++
        search = afterRefused(search)
        break
      }

      case 'retry':
        if (alone !== undefined && outcome.cause === 'too_large') {
          const message = 'The event alone is larger than Meta takes.'
          delivery.verdicts.push({ ref: alone.ref, kind: 'dead', reason: { cause: 'too_large', message } })
          search = afterRefused(search)
          break
        }
        if (outcome.ambiguous) delivery.verdicts.push(...sent.map((event) => maybeArrived(event, now())))
        return pause(outcome)

      case 'park':
        return pause(outcome)
    }
  }
}

/** Meta's words for the death of an event that it refused alone. */
function condemned({ ref }: LeasedEvent, { cause, reason }: Extract<Outcome, { kind: 'split' }>): Verdict {
  switch (cause) {
    case 'too_old':
      return { ref, kind: 'expired', reason: { cause: 'too_old', ...reason } }
    case 'not_all_received':
      return { ref, kind: 'dead', reason: { cause: 'not_received', ...reason } }
    default:
      return { ref, kind: 'dead', reason: { cause: 'refused_by_meta', ...reason } }
  }
}

function maybeArrived({ ref, ambiguousSinceMs }: LeasedEvent, nowMs: number): Verdict {
  return { ref, kind: 'free', ambiguousSinceMs: ambiguousSinceMs ?? nowMs }
}

/** Where Meta says that an event is too old, the oldest is looked at first. */
function oldest(events: readonly LeasedEvent[]): number {
  return events.reduce(
    (found, { eventTimeMs }, position) => (eventTimeMs < (events[found]?.eventTimeMs ?? 0) ? position : found),
    0,
  )
}
