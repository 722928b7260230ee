/**
 * Room kept free in the log for what must be written when the brokers have none left.
 *
 * On a full log nothing could be settled or noted, so nothing deleted, and it would stay full for ever. So a few large messages without
 * meaning stand in it. When there is no room for a page one of them is deleted, and no more events are taken until all stand there again.
 */
import { QueueFullError } from '../../errors.js'
import type { Brokers } from './connection.js'
import type { LogEnd } from './log-end.js'
import type { LogState } from './log-state.js'
import type { Publisher } from './publisher.js'

const MESSAGES = 4
const MESSAGE_BYTES = 256 * 1024
/** After one was given up the pages come first. */
const REFILLED_AFTER_MS = 2_000

export interface ReserveOptions {
  brokers: Brokers
  stream: string
  state: LogState
  publisher: Publisher
  logEnd: LogEnd
  /** Milliseconds that only ever grow. */
  elapsedMs: () => number
}

export class Reserve {
  readonly #options: ReserveOptions
  #givenUpAtMs = Number.NEGATIVE_INFINITY
  #giving: Promise<boolean> | undefined

  constructor(options: ReserveOptions) {
    this.#options = options
  }

  get isComplete(): boolean {
    return this.#options.state.reserve.size >= MESSAGES
  }

  /** Makes room for something small. False when there is nothing left to give up. */
  giveUp(): Promise<boolean> {
    this.#giving ??= this.#giveUp().finally(() => (this.#giving = undefined))
    return this.#giving
  }

  /** Makes it whole again as soon as there is room; until then it stays as it is. */
  async refill(): Promise<void> {
    const { state, publisher, elapsedMs } = this.#options
    if (elapsedMs() - this.#givenUpAtMs < REFILLED_AFTER_MS) return
    try {
      while (!this.isComplete) {
        await publisher.write({ kind: 'b', key: 'reserve', facts: (id) => ({ id }), body: 'x'.repeat(MESSAGE_BYTES) })
      }
    } catch (error) {
      if (error instanceof QueueFullError) return
      throw error
    }
    for (const seq of [...state.reserveNotes]) {
      await this.#delete(seq)
      state.reserveNotes.delete(seq)
    }
  }

  async #giveUp(): Promise<boolean> {
    const { state, publisher, elapsedMs } = this.#options
    const [seq] = state.reserve
    if (seq === undefined) return false
    this.#givenUpAtMs = elapsedMs()
    await this.#delete(seq)
    state.reserve.delete(seq)
    // So that the other nodes take no more events either.
    await publisher
      .write({ kind: 'b', key: 'reserve', facts: (id) => ({ id, givenUp: seq }) })
      .catch((error: unknown) => {
        if (!(error instanceof QueueFullError)) throw error
      })
    return true
  }

  async #delete(seq: number): Promise<void> {
    const { brokers, stream, logEnd } = this.#options
    await logEnd.standsTo()
    await brokers.manager.streams.deleteMessage(stream, seq, false).catch((error: unknown) => {
      if (!isGone(error)) throw error
    })
  }
}

/** Another node was here before. */
export const isGone = (error: unknown) =>
  error instanceof Error && /no message found|sequence .* not found/i.test(error.message)
