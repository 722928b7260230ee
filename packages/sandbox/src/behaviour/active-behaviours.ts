import type { Behaviour, Poison, Usage } from './behaviour.js'
import { seededRandom } from './random.js'

/** A behaviour in force, and how often it has been shown. */
export type ActiveBehaviour = Behaviour & { id: number; applied: number }

interface Active {
  id: number
  behaviour: Behaviour
  applied: number
  random: () => number
}

/** What a request is in for. */
export interface Plan {
  delayMs: number
  usage?: Usage
  /** How it goes wrong. */
  fault?: Fault
}

/** A behaviour by which a request goes wrong, rather than only slowly. */
export type Fault = Exclude<Behaviour, { kind: 'latency' | 'usage' | 'poison' }>

/** The behaviours in force. */
export class ActiveBehaviours {
  #active: Active[] = []
  #lastId = 0

  /** Returns the id to withdraw it by. */
  add(behaviour: Behaviour): number {
    const id = ++this.#lastId
    this.#active.push({ id, behaviour, applied: 0, random: seededRandom(behaviour.seed ?? 1) })
    return id
  }

  remove(id: number): void {
    this.#active = this.#active.filter((active) => active.id !== id)
  }

  clear(): void {
    this.#active = []
  }

  list(): ActiveBehaviour[] {
    return this.#active.map(({ id, applied, behaviour }) => ({ ...behaviour, id, applied }))
  }

  /** Decides what happens to a request before its body is known. Each behaviour that applies is used up by one. */
  plan(pixelId: string): Plan {
    const plan: Plan = { delayMs: 0 }
    for (const active of this.#active) {
      const { behaviour } = active
      // One request goes wrong in one way, the first that was set. Poison is known only when the events are.
      if (behaviour.kind === 'poison' || (isFault(behaviour) && plan.fault)) continue
      if (!this.#applies(active, pixelId) || !this.#use(active)) continue
      if (behaviour.kind === 'latency') plan.delayMs += behaviour.ms + active.random() * (behaviour.jitterMs ?? 0)
      else if (behaviour.kind === 'usage') plan.usage = behaviour
      else plan.fault = behaviour
    }
    return plan
  }

  /** The first event that poisons its batch. */
  poisoned(pixelId: string, events: readonly unknown[]): { poison: Poison; index: number } | undefined {
    for (const active of this.#active) {
      const { behaviour } = active
      if (behaviour.kind !== 'poison' || !this.#applies(active, pixelId)) continue
      const index = events.findIndex((event) => isPoison(behaviour, event as Record<string, unknown>))
      if (index >= 0 && this.#use(active)) return { poison: behaviour, index }
    }
    return undefined
  }

  #applies({ behaviour, applied }: Active, pixelId: string): boolean {
    const { pixel_id, times } = behaviour
    return (pixel_id === undefined || pixel_id === pixelId) && (times === undefined || applied < times)
  }

  /** Tosses the coin, and counts. */
  #use(active: Active): boolean {
    const { probability = 1 } = active.behaviour
    if (probability < 1 && active.random() >= probability) return false
    active.applied++
    return true
  }
}

function isFault({ kind }: Behaviour): boolean {
  return kind !== 'latency' && kind !== 'usage'
}

function isPoison({ event_id, event_name }: Poison, event: Record<string, unknown>): boolean {
  return matches(event_id, event['event_id']) && matches(event_name, event['event_name'])
}

function matches(pattern: string | undefined, value: unknown): boolean {
  if (pattern === undefined) return true
  if (typeof value !== 'string') return false
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`, 's').test(value)
}
