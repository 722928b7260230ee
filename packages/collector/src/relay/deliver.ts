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
  dead: number
  /** Single events refused for reasons nobody knows. */
  strange: number
  end: End
  usage?: Usage
}

/** Why it stopped. */
export type End =
  | { kind: 'done' }
  /** `inHand`: how many events were in the last request; `searching`: to be taken again just so, for a search goes on there. */
  | { kind: 'pause'; outcome: Trouble; inHand: number; searching: boolean }
  /** No more requests for looking, for now. */
  | { kind: 'out_of_budget'; inHand: number }

/** An outcome after which the lane must wait. */
export type Trouble = Extract<Outcome, { kind: 'retry' | 'park' }>

export interface DeliverOptions {
  attempt: (events: readonly LeasedEvent[], bisecting: boolean) => Promise<Attempted>
  /** Asked before each request beyond the first. */
  mayBisect: () => boolean
  /**
   * Says whether an event that failed alone is to blame, where that is not certain.
   *
   * @param tries how many refusals in Meta's words it takes; `undefined` where Meta had trouble
   * @param othersAccepted whether others were accepted meanwhile
   */
  judge: (ref: string, tries: number | undefined, othersAccepted: boolean) => 'spared' | 'condemned'
  /** So many strange refusals with nothing accepted mean that it is not the events. */
  strangeAllowed?: number
  /**
   * Everything has failed lately: events are sent one by one, and one that fails is passed over, to see whether it is the
   * event or Meta.
   */
  oneByOne?: boolean
  /** Others of the lane were accepted just before. */
  othersAccepted?: boolean
  now: () => number
}

/** Trouble of Meta's that one event can cause, each time it is sent. */
const MAY_BE_THE_EVENT = new Set([
  'server_error',
  'meta_unavailable',
  'connection_lost',
  'timeout',
  'unreadable_answer',
])

/** Sends a batch of fresh events, looks for the bad ones if Meta refuses it, and says what became of each. */
export async function deliver(events: readonly LeasedEvent[], options: DeliverOptions): Promise<Delivery> {
  const {
    attempt,
    mayBisect,
    judge,
    strangeAllowed = Infinity,
    oneByOne = false,
    othersAccepted = false,
    now,
  } = options
  const delivery: Delivery = { verdicts: [], accepted: 0, dead: 0, strange: 0, end: { kind: 'done' } }
  /** Events that failed alone, with the trouble they had, and what becomes of them if they are to blame. */
  const doubted: { ref: string; tries: number | undefined; trouble: Trouble; verdict: Verdict }[] = []
  let search = startSearch(events.length, oneByOne ? 1 : events.length)

  const die = (verdict: Verdict) => {
    delivery.verdicts.push(verdict)
    delivery.dead++
  }
  const stop = (end: End): Delivery => {
    // Only now it is known whether others were accepted.
    const sure = othersAccepted || delivery.accepted > 0
    for (const { ref, tries, verdict } of doubted) if (judge(ref, tries, sure) === 'condemned') die(verdict)
    return { ...delivery, end }
  }
  const pause = (outcome: Trouble, inHand: number, searching: boolean) =>
    stop({ kind: 'pause', outcome, inHand, searching })

  for (let first = true; ; first = false) {
    const positions = nextToSend(search)
    if (positions === undefined) {
      const trouble = doubted[0]?.trouble
      const nothing = !othersAccepted && delivery.accepted === 0 && delivery.dead === 0
      return nothing && trouble !== undefined ? pause(trouble, 1, true) : stop({ kind: 'done' })
    }
    if (!first && !mayBisect()) return stop({ kind: 'out_of_budget', inHand: positions.length })

    const sent = positions.length === events.length ? events : positions.flatMap((position) => events[position] ?? [])
    const { outcome, usage } = await attempt(sent, !first && !oneByOne)
    if (usage !== undefined) delivery.usage = usage
    const alone = sent.length === 1 ? sent[0] : undefined

    switch (outcome.kind) {
      case 'accepted':
        for (const { ref } of sent) delivery.verdicts.push({ ref, kind: 'delivered' })
        delivery.accepted += sent.length
        search = afterAccepted(search)
        break

      case 'split': {
        const { triesAlone = 1, cause, reason, hint } = outcome
        if (alone === undefined) {
          search = afterRefused(search, cause === 'too_old' ? oldest(sent) : hint)
          break
        }
        if (triesAlone === 1) {
          die(condemned(alone, outcome))
        } else {
          const trouble: Trouble = { kind: 'retry', cause, ambiguous: false }
          doubted.push({ ref: alone.ref, tries: triesAlone, trouble, verdict: condemned(alone, outcome) })
          if (++delivery.strange >= strangeAllowed && delivery.accepted === 0) {
            return pause({ kind: 'park', cause: 'refuses_everything', reason }, 1, true)
          }
        }
        search = afterRefused(search)
        break
      }

      case 'retry': {
        if (outcome.ambiguous) delivery.verdicts.push(...sent.map((event) => maybeArrived(event, now())))
        if (alone !== undefined && outcome.cause === 'too_large') {
          die(dead(alone, 'too_large', 'The event alone is larger than Meta takes.'))
        } else if (alone !== undefined && oneByOne && doubted.length === 0 && MAY_BE_THE_EVENT.has(outcome.cause)) {
          const words = `Sent alone it failed each time (${outcome.cause}), while others were accepted.`
          doubted.push({
            ref: alone.ref,
            tries: undefined,
            trouble: outcome,
            verdict: dead(alone, 'always_fails', words),
          })
        } else {
          return pause(outcome, sent.length, !first)
        }
        search = afterRefused(search)
        break
      }

      case 'park':
        return pause(outcome, sent.length, !first)
    }
  }
}

/** Adds what became of more events of the same lane. */
export function add(delivery: Delivery, more: Delivery): void {
  delivery.verdicts.push(...more.verdicts)
  delivery.accepted += more.accepted
  delivery.dead += more.dead
  delivery.strange += more.strange
  delivery.end = more.end
  if (more.usage !== undefined) delivery.usage = more.usage
}

function dead({ ref }: LeasedEvent, cause: string, message: string): Verdict {
  return { ref, kind: 'dead', reason: { cause, message } }
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
