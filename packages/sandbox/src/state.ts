import { ActiveBehaviours } from './behaviour/active-behaviours.js'
import { Ledger } from './copies/ledger.js'
import type { ResolvedOptions } from './options.js'
import type { Refusal } from './refusal.js'

const MAX_REFUSALS = 1_000

export interface RequestCounts {
  /** Requests to the Conversions API's edge. */
  requests: number
  acceptedRequests: number
  /** Refused by a rule, or for who sent them. */
  refusedRequests: number
  /** Went wrong on demand. Those that were taken all the same count as accepted, too. */
  faultyRequests: number
}

/** Everything the sandbox knows. The routes read and change it. */
export interface State {
  readonly options: ResolvedOptions
  readonly ledger: Ledger
  readonly behaviours: ActiveBehaviours
  refusals: Refusal[]
  requests: RequestCounts
  /** Whom to tell when something arrived. */
  readonly watchers: Set<() => void>
  refuse: (refusal: Refusal) => void
  changed: () => void
  forget: () => void
}

export function createState(options: ResolvedOptions): State {
  const state: State = {
    options,
    ledger: new Ledger(options.keep, options.capacity),
    behaviours: new ActiveBehaviours(),
    refusals: [],
    requests: noRequests(),
    watchers: new Set(),
    refuse(refusal) {
      state.requests.refusedRequests++
      state.refusals.push(refusal)
      if (state.refusals.length > MAX_REFUSALS) state.refusals.shift()
    },
    changed() {
      for (const tell of state.watchers) tell()
    },
    forget() {
      state.ledger.forget()
      state.refusals = []
      state.requests = noRequests()
    },
  }
  return state
}

function noRequests(): RequestCounts {
  return { requests: 0, acceptedRequests: 0, refusedRequests: 0, faultyRequests: 0 }
}
