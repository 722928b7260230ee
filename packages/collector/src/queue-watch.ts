import type { Now } from './clock.js'
import type { Log } from './logger.js'
import type { Observe } from './observer.js'
import { gap, type Queue } from './queue/queue.js'

export interface QueueWatchOptions {
  queue: Pick<Queue, 'books' | 'status'>
  observe: Observe
  log: Log
  now: Now
  /** Milliseconds between two looks. @defaultValue `30_000` */
  everyMs?: number
}

/** Says 80 % full before it is 100, when events are refused. */
const NEARLY_FULL = 0.8

/**
 * Looks at the queue now and then, and calls somebody when its books do not balance, or when it is nearly full.
 * (That it refuses events, and why, it says itself.)
 *
 * Each trouble is told once, and again only after it was gone.
 *
 * @returns the function that ends it
 */
export function watchQueue({ queue, observe, log, now, everyMs = 30_000 }: QueueWatchOptions): () => void {
  let told = new Set<string>()
  let gapsBefore = new Map<string, number>()
  let over = false
  let timer = later()

  function later(): NodeJS.Timeout {
    return setTimeout(() => void look().finally(() => (timer = over ? timer : later())), everyMs).unref()
  }

  async function look(): Promise<void> {
    try {
      const troubles = new Map([...(await unbalanced()), ...(await nearlyFull())])
      for (const [trouble, [code, message]] of troubles) {
        if (told.has(trouble)) continue
        log.error({ event: 'alarm', code }, message)
        observe({ kind: 'alarm', atMs: now(), code, message })
      }
      told = new Set(troubles.keys())
    } catch {
      // Out of reach: readiness says so all the time, and there is nothing to look at.
    }
  }

  /** Only a gap that is still there at the second look: reading the books may fall between two nodes' commits. */
  async function unbalanced(): Promise<[string, Trouble][]> {
    const { pixels } = await queue.books()
    const gaps = new Map(pixels.map((entry) => [entry.pixelId, gap(entry)]))
    const lasting = [...gaps].filter(([pixelId, events]) => events !== 0 && gapsBefore.get(pixelId) === events)
    gapsBefore = gaps
    return lasting.map(([pixelId, events]) => [
      `gap ${pixelId}`,
      ['books_gap', `The books of pixel ${pixelId} are ${events} events apart. Keep the queue as it is and report it.`],
    ])
  }

  async function nearlyFull(): Promise<[string, Trouble][]> {
    const { bytes, maxBytes } = await queue.status()
    if (bytes < maxBytes * NEARLY_FULL) return []
    const percent = Math.floor((bytes / maxBytes) * 100)
    return [['full', ['queue_nearly_full', `The queue is ${percent} % full; at 100 % events are refused.`]]]
  }

  return () => {
    over = true
    clearTimeout(timer)
  }
}

type Trouble = readonly [code: string, message: string]
