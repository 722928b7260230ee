import { expect, vi } from 'vitest'
import type { Happening } from '../../src/observer.js'
import type { Pixel, Pixels } from '../../src/pixels.js'
import { memoryQueue } from '../../src/queue/memory-queue.js'
import type { LaneKey, Queue, QueuedEvent } from '../../src/queue/queue.js'
import { gap } from '../../src/queue/queue.js'
import type { RelayLimits } from '../../src/relay/limits.js'
import type { Relay, RelayOptions } from '../../src/relay/relay.js'
import { createRelay } from '../../src/relay/relay.js'
import { Secret } from '../../src/secret.js'
import type { ScriptedGraph } from './scripted-graph.js'
import { startGraph } from './scripted-graph.js'

// What these tests wait for comes within milliseconds; on a machine with other work to do it may take longer.
vi.setConfig({ testTimeout: 30_000 })

const DAY = 24 * 60 * 60 * 1_000

/** The relay's times, shortened a hundredfold: a test waits for what happens, never for how long it takes. */
export const QUICK: Partial<RelayLimits> = {
  gatherMs: 5,
  timeoutMs: 5_000,
  timeoutPerEventMs: 0,
  backoffBaseMs: 10,
  backoffCapMs: 100,
  throttleBaseMs: 20,
  breakerCapMs: 60,
  probeMs: 40,
  rescanMs: 50,
}

/** For tests in which Meta does not answer. */
export const IMPATIENT: Partial<RelayLimits> = { timeoutMs: 200 }

export interface World {
  graph: ScriptedGraph
  queue: Queue
  relay: Relay
  pixels: ChangeablePixels
  happenings: Happening[]
  /** Stores events of a lane and returns their ids. */
  fill(lane: LaneKey, count: number, more?: Partial<QueuedEvent>): Promise<string[]>
  /** Resolves when nothing waits any more. */
  drained(): Promise<void>
  /** Another relay on the same queue, as after a restart. */
  another(options?: Partial<RelayOptions>): Relay
  end(): Promise<void>
}

export interface ChangeablePixels extends Pixels {
  set(...pixels: Pixel[]): void
}

export function changeablePixels(...initial: Pixel[]): ChangeablePixels {
  let all = initial
  const listeners = new Set<() => void>()
  return {
    get: (pixelId) => all.find(({ id }) => id === pixelId),
    all: () => all,
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    set(...pixels) {
      all = pixels
      listeners.forEach((listener) => listener())
    },
  }
}

export const pixel = (id: string, more: Partial<Pixel> = {}): Pixel => ({
  id,
  accessToken: new Secret(`EAAB-token-of-${id}`),
  allowedOrigins: [],
  ...more,
})

let counter = 0

export function event(lane: LaneKey, more: Partial<QueuedEvent> = {}): QueuedEvent & { eventId: string } {
  const eventId = more.eventId ?? `e${++counter}`
  const eventTimeMs = more.eventTimeMs ?? Date.now()
  return {
    lane,
    eventName: 'Purchase',
    eventTimeMs,
    deadlineMs: eventTimeMs + 7 * DAY,
    json: `{"event_name":"Purchase","event_id":"${eventId}"}`,
    ...more,
    eventId,
  }
}

/** A relay between a queue in memory and a scripted Graph API, not started yet. */
export async function createWorld(
  pixels: readonly Pixel[],
  options: Partial<RelayOptions> & { limits?: Partial<RelayLimits> } = {},
): Promise<World> {
  const graph = await startGraph()
  const queue = options.queue ?? memoryQueue(options.now === undefined ? {} : { now: options.now })
  const configured = changeablePixels(...pixels)
  const happenings: Happening[] = []
  const relays: Relay[] = []
  const another = (more: Partial<RelayOptions> = {}): Relay => {
    const relay = createRelay({
      queue,
      pixels: configured,
      graphUrl: graph.url,
      apiVersion: 'v26.0',
      observe: (happening) => happenings.push(happening),
      ...options,
      ...more,
      limits: { ...QUICK, ...options.limits, ...more.limits },
    })
    relays.push(relay)
    return relay
  }
  const relay = another()

  return {
    graph,
    queue,
    relay,
    pixels: configured,
    happenings,
    another,
    async fill(lane, count, more = {}) {
      const events = Array.from({ length: count }, () => event(lane, more))
      await queue.append(events)
      return events.map(({ eventId }) => eventId)
    },
    drained: () => eventually(async () => expect((await queue.status()).waitingEvents).toBe(0)),
    async end() {
      for (const each of relays) await each.stop(0)
      await graph.close()
      const books = await queue.books()
      for (const page of books.pixels) expect(gap(page)).toBe(0)
    },
  }
}

/** Waits until an assertion holds; generously, for a loaded machine. */
export function eventually<T>(assertion: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(assertion, { timeout: 15_000, interval: 5 })
}

/** How often each of these ids was taken: exactly once, unless said otherwise. */
export function expectTaken(graph: ScriptedGraph, ids: readonly string[]): void {
  expect(ids.filter((id) => !graph.taken.has(id))).toEqual([])
}
