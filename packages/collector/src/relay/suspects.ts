import type { LeasedEvent } from '../queue/queue.js'
import type { Backoff } from './backoff.js'
import { backoffMs } from './backoff.js'

/**
 * Events that failed alone for a reason that need not be theirs: a code that nobody knows, or a server error each time.
 *
 * They are sent alone from then on, ever more rarely, and the others of their lane go past them. A suspect is condemned only
 * when others were accepted about its failures: a lane in which everything fails has another trouble than its events.
 *
 * Kept in memory alone. After a crash they are tried with the others, and found again.
 */
export interface Suspects {
  /** Parts the suspects from a batch, and names one of them whose time has come. */
  part(events: readonly LeasedEvent[]): { others: readonly LeasedEvent[]; due: LeasedEvent | undefined }
  /**
   * An event failed alone.
   *
   * @param othersAccepted whether others were accepted just before or after
   */
  strike(ref: string, proof: Proof, othersAccepted: boolean): 'spared' | 'condemned'
  /** Something of the lane was accepted: the failures before were the suspects' own. */
  confirm(): void
  has(ref: string): boolean
  /** Whether a failure of this one was its own. */
  isConfirmed(ref: string): boolean
  /** What became of an event is known. */
  forget(ref: string): void
  readonly size: number
}

/** What it takes to condemn. */
export interface Proof {
  failures: number
  /** Of these, so many about which others were accepted. */
  confirmed: number
}

/** Meta refused it in words: it is likely the event, if ever another was accepted since. */
export const proofOfRefusal = (tries: number): Proof => ({ failures: tries, confirmed: 1 })

/** Meta had trouble: it is likely Meta, unless others were accepted each time. Twenty tries take more than an hour. */
export const PROOF_OF_FAILURE: Proof = { failures: 20, confirmed: 20 }

interface Suspect extends Proof {
  /** The last failure is not confirmed yet. */
  open: boolean
  dueMs: number
}

/** More are not remembered: the lane is parked or out of budget long before. */
const MOST_SUSPECTS = 1_000

/** @param clockMs a clock that never jumps */
export function createSuspects(
  backoff: Backoff,
  random: () => number,
  clockMs: () => number = () => performance.now(),
): Suspects {
  const suspects = new Map<string, Suspect>()

  return {
    part(events) {
      if (suspects.size === 0) return { others: events, due: undefined }
      const nowMs = clockMs()
      const isDue = ({ ref }: LeasedEvent) => (suspects.get(ref)?.dueMs ?? Infinity) <= nowMs
      return { others: events.filter(({ ref }) => !suspects.has(ref)), due: events.find(isDue) }
    },
    strike(ref, proof, othersAccepted) {
      const suspect = suspects.get(ref) ?? { failures: 0, confirmed: 0, open: false, dueMs: 0 }
      suspect.failures++
      if (othersAccepted) suspect.confirmed++
      suspect.open = !othersAccepted
      if (suspect.failures >= proof.failures && suspect.confirmed >= proof.confirmed) return 'condemned'
      suspect.dueMs = clockMs() + backoffMs(suspect.failures, backoff, random)
      if (suspects.size >= MOST_SUSPECTS && !suspects.has(ref)) suspects.delete(suspects.keys().next().value ?? '')
      suspects.set(ref, suspect)
      return 'spared'
    },
    confirm() {
      for (const suspect of suspects.values()) {
        if (suspect.open) suspect.confirmed++
        suspect.open = false
      }
    },
    has: (ref) => suspects.has(ref),
    isConfirmed: (ref) => (suspects.get(ref)?.confirmed ?? 0) > 0,
    forget: (ref) => void suspects.delete(ref),
    get size() {
      return suspects.size
    },
  }
}
