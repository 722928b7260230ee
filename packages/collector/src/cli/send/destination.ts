import type { IncomingEvent } from '@pixel-mirror/common'

/** What became of a batch of orders. */
export interface Delivered {
  taken: number
  /** What was refused, by its place in the batch, and why. */
  refused: readonly { index: number; reason: string }[]
}

/** Where `send` brings orders: a collector that runs, or the queue itself. */
export interface Destination {
  /** For the first line of output. */
  name: string
  /**
   * @throws TryAgainError when it cannot take anything at the moment
   * @throws NoAnswerError when it will not take anything from us
   */
  deliver(events: readonly IncomingEvent[]): Promise<Delivered>
  close(): Promise<void>
}

/** Not now: full, closing, throttled, or out of reach. Nothing of the batch was taken. */
export class TryAgainError extends Error {
  override name = 'TryAgainError'
  /** How long the other side asks to wait. */
  readonly afterMs: number | undefined

  constructor(message: string, afterMs?: number, options?: ErrorOptions) {
    super(message, options)
    this.afterMs = afterMs
  }
}
