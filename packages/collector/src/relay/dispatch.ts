import type { Breaker } from './breaker.js'
import type { Lane } from './lane.js'
import { change } from './lane.js'
import type { RelayLimits } from './limits.js'
import { createTurns } from './turns.js'

/**
 * Which lane may send next. Sockets are few and shared by all, so each lane has one turn before any has its second. And whoever hangs,
 * however many at once, leaves room for the others:
 *
 * - lanes in trouble never have more than half of the sockets;
 * - over some of the sockets goes only what is small, and may therefore not take long (`express`): pixels that all begin to hang
 *   with full batches hold these for seconds, not for as long as a full batch may take.
 *
 * While nothing can be reached at most one lane tries.
 */
export interface Dispatch {
  /** The lane wants a turn. */
  add(lane: Lane): void
  /** The lane wants none any more. */
  remove(lane: Lane): void
  /** Starts as many batches as there are sockets. To be called when one has become free or the way is open again. */
  pump(): void
}

/** A socket for one batch. */
export interface Slot {
  /** Only for a small batch. */
  readonly express: boolean
  /** Gives it back. May be called more than once. */
  free(): void
}

export interface DispatchOptions {
  limits: Pick<RelayLimits, 'sockets' | 'socketsInTrouble' | 'expressSockets'>
  breaker: Breaker
  isStopping: () => boolean
  /** Begins a batch. */
  begin: (lane: Lane, slot: Slot) => void
}

export function createDispatch({ limits, breaker, isStopping, begin }: DispatchOptions): Dispatch {
  const turns = createTurns<Lane>()
  const expressSockets = Math.min(limits.expressSockets, limits.sockets - 1)
  const busy = { full: 0, express: 0, inTrouble: 0 }

  const isOpen = () => breaker.state === 'closed' || breaker.state === 'half_open'
  const isWell = (lane: Lane) => lane.pace.failures === 0
  const mayTakeAny = (lane: Lane) => isWell(lane) || busy.inTrouble < limits.socketsInTrouble

  /** The next lane, and the kind of socket there is for it. */
  function next(): { lane: Lane; express: boolean } | undefined {
    const express = busy.full >= limits.sockets - expressSockets
    if (express && busy.express >= expressSockets) return undefined
    const lane = turns.take(express ? isWell : mayTakeAny)
    return lane && { lane, express }
  }

  function pump(): void {
    while (!isStopping() && isOpen()) {
      const found = next()
      if (found === undefined) return
      const { lane, express } = found
      const taken = [express ? 'express' : 'full', ...(isWell(lane) ? [] : ['inTrouble'])] as (keyof typeof busy)[]
      breaker.enter()
      for (const kind of taken) busy[kind]++
      lane.inFlight++
      lane.sending++
      if (lane.state !== 'parked') change(lane, 'sending')

      let freed = false
      begin(lane, {
        express,
        free() {
          if (freed) return
          freed = true
          for (const kind of taken) busy[kind]--
          lane.sending--
          pump()
        },
      })
    }
  }

  return {
    add(lane) {
      turns.add(lane)
      pump()
    },
    remove: (lane) => turns.remove(lane),
    pump,
  }
}
