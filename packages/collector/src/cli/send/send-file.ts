import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import type { IncomingEvent } from '@pixel-mirror/common'
import { TryAgainError, type Delivered, type Destination } from './destination.js'
import type { Order } from './order.js'
import type { Progress } from './progress-file.js'
import type { Step } from './progress-bar.js'

export interface SendOptions {
  file: string
  orders: AsyncIterable<Order>
  destination: Destination
  /** What fills the gaps of every event. */
  defaults: Pick<IncomingEvent, 'event_name' | 'action_source' | 'pixel_id'>
  from: Progress
  /** Told after each batch, when all of it is taken, refused or broken. */
  onProgress: (progress: Progress) => Promise<void>
  onStep: (step: Step) => void
  /** A line that was not taken; `reason` goes after "line 17". */
  onProblem: (line: number, reason: string) => void
  onWaiting: (reason: string, waitMs: number) => void
  /** Aborted when the person wants to stop; what is under way is finished. */
  signal: AbortSignal
}

export type Ending = 'finished' | 'stopped' | 'gave_up'

const BATCH_EVENTS = 500
const BATCH_BYTES = 400_000
const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 30_000
/** Together some minutes: longer than a restart, shorter than a person's patience. */
const TRIES = 12

/** Brings a file of orders to its destination, batch by batch, and says how it ended. */
export async function sendFile(options: SendOptions): Promise<{ ending: Ending; progress: Progress }> {
  const { orders, destination, defaults, from, onProgress, onStep, onProblem, onWaiting, signal } = options
  const totalBytes = (await stat(options.file)).size
  let progress = from
  let batch: { line: number; event: IncomingEvent }[] = []
  let batchBytes = 0
  let reached = { line: from.line, broken: 0 }

  for await (const order of orders) {
    if (order.line <= from.line) continue
    if (signal.aborted) break
    reached = { line: order.line, broken: reached.broken }
    if ('problem' in order) {
      reached.broken++
      onProblem(order.line, order.problem)
    } else {
      const event = complete(order.event, defaults)
      batch.push({ line: order.line, event })
      batchBytes += JSON.stringify(event).length
    }
    if (batch.length >= BATCH_EVENTS || batchBytes >= BATCH_BYTES) {
      if (!(await flush())) return { ending: signal.aborted ? 'stopped' : 'gave_up', progress }
      onStep({ doneBytes: order.endByte, totalBytes, taken: progress.taken, refused: progress.refused })
    }
  }
  if (!(await flush())) return { ending: signal.aborted ? 'stopped' : 'gave_up', progress }
  return { ending: signal.aborted ? 'stopped' : 'finished', progress }

  async function flush(): Promise<boolean> {
    const delivered = batch.length === 0 ? NOTHING : await deliver(batch.map(({ event }) => event))
    if (delivered === undefined) return false
    for (const { index, reason } of delivered.refused) onProblem(batch[index]?.line ?? reached.line, reason)
    progress = {
      line: reached.line,
      taken: progress.taken + delivered.taken,
      refused: progress.refused + delivered.refused.length,
      broken: progress.broken + reached.broken,
    }
    batch = []
    batchBytes = 0
    reached.broken = 0
    await onProgress(progress)
    return true
  }

  /** Tries until the destination takes it; `undefined` when it does not for too long, or the person wants to stop. */
  async function deliver(events: readonly IncomingEvent[]): Promise<Delivered | undefined> {
    for (let tries = 1; ; tries++) {
      try {
        return await destination.deliver(events)
      } catch (error) {
        if (!(error instanceof TryAgainError)) throw error
        if (tries >= TRIES || signal.aborted) return undefined
        const waitMs = error.afterMs ?? Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (tries - 1))
        onWaiting(error.message, waitMs)
        await wait(waitMs, undefined, { signal }).catch(() => undefined)
      }
    }
  }
}

const NOTHING: Delivered = { taken: 0, refused: [] }

/**
 * An event without an id gets one that is the same each time this file is sent: the order's, else a digest of the event.
 * So a line that is sent twice counts once.
 */
function complete(event: IncomingEvent, defaults: SendOptions['defaults']): IncomingEvent {
  const whole = { ...defaults, ...event }
  if (whole.event_id !== undefined) return whole
  const orderId = whole.custom_data?.order_id
  const digest = () => createHash('sha256').update(JSON.stringify(whole)).digest('hex').slice(0, 32)
  return { ...whole, event_id: orderId === undefined ? digest() : String(orderId) }
}
