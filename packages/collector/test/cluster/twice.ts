/** What Meta was sent more than once, and which accident explains it. */
import type { ReceivedCopy } from '@pixel-mirror/sandbox'
import { nameOf } from './oracle.js'

/** Something that keeps a node from writing down what Meta has taken. */
export interface Accident {
  name: string
  /**
   * Which copy arrived around it. `first`: Meta had the event, and its node could not write that down any more.
   * `second`: a node sent what it had taken out long ago.
   */
  around: 'first' | 'second'
  fromMs: number
  toMs: number
  /** Only for this pixel; without it for all. */
  pixelId?: string
}

/** The pretended Meta notes a request when its latency is over: one that it was given before an accident may be noted after it. */
const NOTED_WITHIN_MS = 1_000

/** From a batch's arrival to the commit that writes it down, on a machine that is very busy. */
const UNDER_WAY_MS = 5_000

export interface Twice {
  /** By accident: how many events, in how many requests. */
  named: Record<string, { events: number; requests: number }>
  /** Events whose second copy nothing explains, with when both arrived, in milliseconds since the very first copy. */
  unnamed: { name: string; firstMs: number; secondMs: number }[]
}

export function sentTwice(received: readonly ReceivedCopy[], accidents: readonly Accident[]): Twice {
  const sinceMs = received[0]?.receivedAtMs ?? 0
  const first = new Map<string, ReceivedCopy>()
  const requests = new Map<string, Set<number>>()
  const named: Twice['named'] = {}
  const unnamed: Twice['unnamed'] = []
  for (const copy of received) {
    const name = nameOf(copy)
    const earlier = first.get(name)
    if (earlier === undefined) {
      first.set(name, copy)
      continue
    }
    const accident = accidents.find((candidate) => explains(candidate, earlier, copy))
    if (accident === undefined) {
      unnamed.push({ name, firstMs: earlier.receivedAtMs - sinceMs, secondMs: copy.receivedAtMs - sinceMs })
      continue
    }
    const told = accident.around === 'first' ? earlier : copy
    const numbers = requests.get(accident.name) ?? new Set()
    requests.set(accident.name, numbers.add(told.channel === 'server' ? told.request.number : 0))
    named[accident.name] = { events: (named[accident.name]?.events ?? 0) + 1, requests: numbers.size }
  }
  return { named, unnamed }
}

function explains({ around, fromMs, toMs, pixelId }: Accident, first: ReceivedCopy, second: ReceivedCopy): boolean {
  if (pixelId !== undefined && pixelId !== second.pixel_id) return false
  if (around === 'second') return second.receivedAtMs >= fromMs && second.receivedAtMs <= toMs + UNDER_WAY_MS
  return first.receivedAtMs >= fromMs - UNDER_WAY_MS && first.receivedAtMs <= toMs + NOTED_WITHIN_MS
}
