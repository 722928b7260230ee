import { Ledger } from './copies/ledger.js'
import type { ResolvedOptions } from './options.js'
import type { Refusal } from './refusal.js'

const MAX_REFUSALS = 1_000

/** Everything the sandbox knows. The routes read and change it. */
export interface State {
  options: ResolvedOptions
  ledger: Ledger
  refusals: Refusal[]
  requests: { requests: number; acceptedRequests: number; refusedRequests: number }
  refuse: (refusal: Refusal) => void
  forget: () => void
}

export function createState(options: ResolvedOptions): State {
  const state: State = {
    options,
    ledger: new Ledger(options.keep, options.capacity),
    refusals: [],
    requests: noRequests(),
    refuse(refusal) {
      state.requests.refusedRequests++
      state.refusals.push(refusal)
      if (state.refusals.length > MAX_REFUSALS) state.refusals.shift()
    },
    forget() {
      state.ledger.forget()
      state.refusals = []
      state.requests = noRequests()
    },
  }
  return state
}

function noRequests() {
  return { requests: 0, acceptedRequests: 0, refusedRequests: 0 }
}
