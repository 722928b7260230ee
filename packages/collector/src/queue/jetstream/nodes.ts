/**
 * Which collectors live. Each says so in the log; one that has been silent for as long as a lane may be owned is dead, and its lanes
 * are free. Silence is measured by the listener's monotonic clock from when it heard, ownership from when the owner spoke: whatever
 * the clocks say, an owner doubts itself before anyone else does.
 */
import { performance } from 'node:perf_hooks'
import type { LogState } from './log-state.js'
import type { Publisher } from './publisher.js'

/** How long a dead node keeps its lanes. */
export const OWNERSHIP_MS = 10_000
/** How many times as long a node must be silent for its signs of life to be deleted. */
const GONE_AFTER = 10

export class Nodes {
  readonly #state: LogState
  readonly #publisher: Publisher
  readonly #pixels: readonly string[]
  readonly #ownershipMs: number
  readonly id: string
  #sureUntilMs = 0

  constructor(options: {
    id: string
    state: LogState
    publisher: Publisher
    pixels: readonly string[]
    ownershipMs: number
  }) {
    this.id = options.id
    this.#state = options.state
    this.#publisher = options.publisher
    this.#pixels = options.pixels
    this.#ownershipMs = options.ownershipMs
  }

  /** A sign of life, and a real commit: whatever stood in the log before it has been read when this resolves. */
  async beat(): Promise<void> {
    const saidAtMs = performance.now()
    await this.#publisher.write({ kind: 'n', key: this.id, facts: (id) => ({ id, pixels: this.#pixels }) })
    this.#sureUntilMs = saidAtMs + this.#ownershipMs
  }

  /** After the first beat has been read: who had been silent for long by then, is dead now. By the brokers' clock. */
  lookBack(): void {
    const own = this.#state.nodes.get(this.id)
    if (own === undefined) return
    for (const node of this.#state.nodes.values()) node.heardAtMs = own.heardAtMs - (own.timeMs - node.timeMs)
  }

  /** Nobody else can take this node for dead. */
  async makeSure(): Promise<void> {
    if (performance.now() >= this.#sureUntilMs) await this.beat()
  }

  lives(id: string): boolean {
    if (id === this.id) return true
    const node = this.#state.nodes.get(id)
    return node !== undefined && performance.now() - node.heardAtMs < this.#ownershipMs
  }

  /** It has stopped, or been dead for long. Known only to a node that itself follows the log. */
  isGone(id: string): boolean {
    if (id === this.id || performance.now() >= this.#sureUntilMs) return false
    const node = this.#state.nodes.get(id)
    return node === undefined || performance.now() - node.heardAtMs > GONE_AFTER * this.#ownershipMs
  }

  others(): { id: string; pixels: readonly string[] }[] {
    return [...this.#state.nodes]
      .filter(([id]) => id !== this.id && this.lives(id))
      .map(([id, { pixels }]) => ({ id, pixels }))
  }

  async stop(): Promise<void> {
    await this.#publisher.write({ kind: 'n', key: this.id, facts: (id) => ({ id, pixels: [], stopped: true }) })
  }
}
