/**
 * Notices when the brokers have lost the end of the log: a power cut that hit most of them, a backup that was put back. They then give
 * the same numbers once more, to other messages, and a node that has read the old ones would pass over the new ones.
 *
 * What this node knows to stand in the log is looked up again and again: its own newest sign of life, and after an outage the last
 * message that it had read before. (A number not above what was read before is seen by the publisher.) In doubt nothing is written, and
 * nothing that stands behind is deleted: what was doomed under a number may be another message by now.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { QueueUnavailableError } from '../../errors.js'
import type { Bodies } from './bodies.js'
import type { LogState, ReadMessage } from './log-state.js'
import { readFacts } from './messages.js'

/** A broker that has just come to lead may not have everything yet. */
const LOOKS = 5
const LOOK_AGAIN_AFTER_MS = 400

export interface LogEndOptions {
  state: LogState
  bodies: Bodies
  /** This node's name. */
  node: string
  sleep?: (ms: number) => Promise<unknown>
}

export class LogEnd {
  readonly #state: LogState
  readonly #bodies: Bodies
  readonly #node: string
  readonly #sleep: (ms: number) => Promise<unknown>
  #beforeOutage: ReadMessage | undefined

  constructor({ state, bodies, node, sleep = wait }: LogEndOptions) {
    this.#sleep = sleep
    this.#state = state
    this.#bodies = bodies
    this.#node = node
  }

  /** The brokers do not answer. Until they do nothing more can be read. */
  outage(): void {
    this.#beforeOutage = this.#state.newest
  }

  /**
   * Up to where the log certainly is what this node has read: its own newest sign of life, just looked up.
   *
   * @throws QueueUnavailableError when it is not
   */
  async standsTo(): Promise<number> {
    const { seq = 0 } = this.#state.nodes.get(this.#node) ?? {}
    if (!(await this.stands())) throw new QueueUnavailableError('The brokers have lost the end of the log.')
    return seq
  }

  /** False when something else stands where this node has read before. */
  async stands(): Promise<boolean> {
    const before = this.#beforeOutage
    // Nothing there: it may have been swept since.
    if (before !== undefined && !['same', 'nothing'].includes(await this.#look(before))) return false
    this.#beforeOutage = undefined

    const own = this.#state.nodes.get(this.#node)
    if (own === undefined) return true
    for (let looks = 0; looks < LOOKS; looks++) {
      if (looks > 0) await this.#sleep(LOOK_AGAIN_AFTER_MS)
      const found = await this.#look(own)
      // Only the newest is never swept.
      if (found === 'same' || this.#state.nodes.get(this.#node) !== own) return true
      if (found === 'another') return false
    }
    return false
  }

  async #look({ seq, id }: ReadMessage): Promise<'same' | 'another' | 'nothing'> {
    const facts = await this.#bodies.facts(seq)
    if (facts === undefined) return 'nothing'
    return readFacts(facts).id === id ? 'same' : 'another'
  }
}
