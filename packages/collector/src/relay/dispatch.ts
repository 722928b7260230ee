import type { Breaker } from './breaker.js'
import type { Lane } from './lane.js'
import { change } from './lane.js'
import type { RelayLimits } from './limits.js'
import { createTurns } from './turns.js'

/**
 * Which lane may send next. Sockets are few and shared by all, so each lane has one turn before any has its second; lanes in
 * trouble, which may hang, never have all of them; and while nothing can be reached at most one lane tries.
 */
export interface Dispatch {
  /** The lane wants a turn. */
  add(lane: Lane): void
  /** The lane wants none any more. */
  remove(lane: Lane): void
  /** Starts as many batches as there are sockets. To be called when one has become free or the way is open again. */
  pump(): void
}

export interface DispatchOptions {
  limits: Pick<RelayLimits, 'sockets' | 'socketsInTrouble'>
  breaker: Breaker
  isStopping: () => boolean
  /** Begins a batch. `free` gives the socket back, and may be called more than once. */
  begin: (lane: Lane, free: () => void) => void
}

export function createDispatch({ limits, breaker, isStopping, begin }: DispatchOptions): Dispatch {
  const turns = createTurns<Lane>()
  let busy = 0
  let busyInTrouble = 0

  const isOpen = () => breaker.state === 'closed' || breaker.state === 'half_open'
  const may = (lane: Lane) => lane.pace.failures === 0 || busyInTrouble < limits.socketsInTrouble

  function pump(): void {
    while (!isStopping() && busy < limits.sockets && isOpen()) {
      const lane = turns.take(may)
      if (lane === undefined) return
      const inTrouble = lane.pace.failures > 0
      breaker.enter()
      busy++
      if (inTrouble) busyInTrouble++
      lane.inFlight++
      lane.sending++
      if (lane.state !== 'parked') change(lane, 'sending')

      let freed = false
      begin(lane, () => {
        if (freed) return
        freed = true
        busy--
        lane.sending--
        if (inTrouble) busyInTrouble--
        pump()
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
