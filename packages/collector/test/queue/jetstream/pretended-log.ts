/**
 * Brokers that are only pretended: one log in memory, and nodes that read it as late as they are told to. What takes a cluster of processes
 * minutes of bad luck happens here in every other run: two messages at once for the same place, nodes that see nothing of what others
 * write, crashes between a request and its answer.
 */
import { JetStreamApiError } from '@nats-io/jetstream'
import type { MsgHdrs } from '@nats-io/transport-node'
import { setImmediate as turn } from 'node:timers/promises'
import { Bodies } from '../../../src/queue/jetstream/bodies.js'
import type { Brokers } from '../../../src/queue/jetstream/connection.js'
import { Drainer } from '../../../src/queue/jetstream/drainer.js'
import { Intake } from '../../../src/queue/jetstream/intake.js'
import { jetstreamDeadLetters } from '../../../src/queue/jetstream/letters.js'
import { LogEnd } from '../../../src/queue/jetstream/log-end.js'
import { LogState } from '../../../src/queue/jetstream/log-state.js'
import { HEADER } from '../../../src/queue/jetstream/messages.js'
import { Nodes } from '../../../src/queue/jetstream/nodes.js'
import { Pages } from '../../../src/queue/jetstream/pages.js'
import { Publisher } from '../../../src/queue/jetstream/publisher.js'
import { Sweeper } from '../../../src/queue/jetstream/sweeper.js'
import type { Lease } from '../../../src/queue/queue.js'

export const STREAM = 'log'
export const NOW = Date.UTC(2026, 0, 15, 12)

interface Stored {
  seq: number
  subject: string
  facts: string
  body: string
}

export class PretendedLog {
  readonly messages = new Map<number, Stored>()
  readonly nodes: PretendedNode[] = []
  readonly random: () => number
  lastSeq = 0
  /** Every node's clock. */
  nowMs = NOW

  constructor(random: () => number) {
    this.random = random
  }

  publish(subject: string, facts: string, body: string, after: number | undefined): number {
    const last = [...this.messages.values()].filter((message) => message.subject === subject).at(-1)?.seq ?? 0
    // Old brokers let a message through when the one that was faster has only just come.
    if (after !== undefined && after !== last && this.random() < 0.7) throw wrongSequence(last)
    const seq = ++this.lastSeq
    this.messages.set(seq, { seq, subject, facts, body })
    for (const node of this.nodes) void node.readSoon()
    return seq
  }

  startNode(): PretendedNode {
    const node = new PretendedNode(this, `node-${this.nodes.length}`)
    this.nodes.push(node)
    node.read()
    return node
  }

  /** Some turns of the event loop, as many as chance has it. */
  async pause(): Promise<void> {
    for (let turns = Math.floor(this.random() * 4); turns > 0; turns--) await turn()
  }
}

export class PretendedNode {
  readonly state = new LogState(STREAM, () => undefined)
  readonly intake: Intake
  readonly drainer: Drainer
  readonly sweeper: Sweeper
  readonly nodes: Nodes
  readonly letters: ReturnType<typeof jetstreamDeadLetters>
  readonly leases: Lease[] = []
  readonly lost: number[] = []
  readonly #log: PretendedLog
  #lagging = false
  #crashed = false
  #sayCrashed: () => void = () => undefined
  readonly crashed = new Promise<void>((resolve) => (this.#sayCrashed = resolve))

  constructor(log: PretendedLog, id: string) {
    this.#log = log
    const { state } = this
    const brokers = this.#brokers()
    const publisher = new Publisher({
      brokers,
      stream: STREAM,
      state,
      onCut: () => undefined,
      onDoubt: () => undefined,
      makeRoom: () => Promise.resolve(false),
      reader: () => ({ patienceMs: () => 5_000, fetchTo: () => Promise.resolve() }),
    })
    const sleep = () => log.pause()
    const bodies: Bodies = new Bodies({ brokers, stream: STREAM, commit: () => nodes.beat(), sleep })
    const pages = new Pages(state, publisher)
    // Every node takes every other one for dead: the lanes change hands all the time.
    const nodes: Nodes = (this.nodes = new Nodes({ id, state, publisher, pixels: [], ownershipMs: 0 }))
    const logEnd = new LogEnd({ state, bodies, node: id, sleep })
    const now = () => log.nowMs
    const onLost = (_: string, events: number) => void this.lost.push(events)
    this.drainer = new Drainer({ state, pages, nodes, bodies, now, onLost })
    this.intake = new Intake({ state, publisher, bodies, now })
    this.sweeper = new Sweeper({ brokers, stream: STREAM, state, publisher, logEnd, now })
    this.letters = jetstreamDeadLetters({ bodies, state, publisher, pages, nodes, now })
  }

  /** What others write is not seen any more, as behind a broker that is slow. */
  lag(): void {
    this.#lagging = true
  }

  catchUp(): void {
    this.#lagging = false
    this.read()
  }

  /** No request of its is answered any more; whether the last ones arrived is open. */
  crash(): void {
    this.#crashed = true
    this.#sayCrashed()
  }

  async readSoon(): Promise<void> {
    await this.#log.pause()
    this.read()
  }

  read(): void {
    if (this.#crashed || this.#lagging) return
    for (const { seq, subject, facts } of this.#log.messages.values()) {
      if (seq > this.state.seq) this.state.take({ subject, seq, timeMs: this.#log.nowMs, facts })
    }
  }

  #brokers(): Brokers {
    const log = this.#log
    const ask = async <Answer>(work: () => Answer): Promise<Answer> => {
      await log.pause()
      if (this.#crashed && log.random() < 0.5) await never()
      const answer = work()
      await log.pause()
      if (this.#crashed) await never()
      return answer
    }
    const getMessage = (_: string, { seq }: { seq: number }) =>
      ask(() => {
        // One that is behind does not have it yet.
        const message = log.random() < 0.2 ? undefined : log.messages.get(seq)
        return message === undefined ? null : { string: () => message.body, header: new Map([[HEADER, message.facts]]) }
      })
    return {
      connection: { info: { max_payload: 1_048_576 } },
      js: {
        publish(
          subject: string,
          body: string,
          { headers, expect }: { headers: MsgHdrs; expect?: { lastSubjectSequence: number } },
        ) {
          return ask(() => ({ seq: log.publish(subject, headers.get(HEADER), body, expect?.lastSubjectSequence) }))
        },
      },
      manager: {
        direct: { getMessage },
        streams: { getMessage, deleteMessage: (_: string, seq: number) => ask(() => log.messages.delete(seq)) },
      },
    } as unknown as Brokers
  }
}

const never = () => new Promise<never>(() => undefined)

function wrongSequence(last: number): Error {
  const description = `wrong last sequence: ${last}`
  return new JetStreamApiError({ code: 400, err_code: 10071, description })
}
