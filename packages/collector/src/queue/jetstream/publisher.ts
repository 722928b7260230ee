/**
 * Writing to the log. A message is written when the quorum has answered for it *and* it has been read back: only then is it certain
 * that it counts, and this node's state holds it.
 */
import { randomBytes } from 'node:crypto'
import { headers } from '@nats-io/transport-node'
import { QueueFullError, QueueUnavailableError } from '../../errors.js'
import type { Brokers } from './connection.js'
import type { WrongSequence } from './connection.js'
import { asQueueError, wrongSequence } from './connection.js'
import type { LogState } from './log-state.js'
import type { Message, MessageKind } from './messages.js'
import { HEADER, subjectOf, writeFacts } from './messages.js'

/** More than an election of a new leader takes; after that the sender gets a 503 and comes again. */
const WRITTEN_WITHIN_MS = 5_000
/** How long to wait for the message that was faster than ours. */
const READ_WITHIN_MS = 1_000

/** `overtaken`: another message was faster, or much has happened since. The state holds it by now; decide again. */
export type Written = 'valid' | 'overtaken'

export interface Draft {
  kind: MessageKind
  key: string
  facts: (id: string) => Message['facts']
  body?: string
  /** The last message of the same subject, where only one may follow it. */
  after?: number
}

/** Whoever reads the log as it grows. */
export interface LogReader {
  /** How long to wait for a message that must be there, before it is fetched. */
  patienceMs(): number
  /** Has the log read up to a message, if it is not much. */
  fetchTo(seq: number): Promise<void>
}

export interface PublisherOptions {
  brokers: Brokers
  stream: string
  state: LogState
  /** Told that the brokers have given a number once more that was read before: they have lost the end of the log. */
  onCut: () => void
  /** Told that nobody knows whether something was written. */
  onDoubt: () => void
  reader: () => LogReader
  /** Makes room for a page where there is none. False when it cannot. */
  makeRoom: () => Promise<boolean>
}

export class Publisher {
  readonly #brokers: Brokers
  readonly #stream: string
  readonly #state: LogState
  readonly #node: string
  readonly #onCut: () => void
  readonly #onDoubt: () => void
  readonly #reader: () => LogReader
  readonly #makeRoom: () => Promise<boolean>
  #count = 0
  /** Whether the brokers answered last time. Nobody waits five seconds for what is known to be away. */
  #reachable = true

  constructor({ brokers, stream, state, onCut, onDoubt, reader, makeRoom }: PublisherOptions) {
    this.#reader = reader
    this.#makeRoom = makeRoom
    this.#onCut = onCut
    this.#onDoubt = onDoubt
    this.#brokers = brokers
    this.#stream = stream
    this.#state = state
    this.#node = randomBytes(6).toString('hex')
  }

  get reachable(): boolean {
    return this.#reachable
  }

  set reachable(value: boolean) {
    this.#reachable = value
  }

  /** @throws QueueFullError, or QueueUnavailableError when nobody knows whether it was written */
  async write(draft: Draft): Promise<Written> {
    const id = `${this.#node}.${++this.#count}`
    const outcome = this.#state.outcomeOf(id)
    const { seq: readTo } = this.#state
    try {
      const answer = await this.#publish(id, draft)
      if (answer.seq === undefined) {
        const { last = this.#state.seq + 1 } = answer
        await within(READ_WITHIN_MS, this.#readTo(last))
        if (this.#state.seq >= last) this.#state.lastIs(draft.kind, draft.key, last, draft.after)
        return 'overtaken'
      }
      if (answer.seq <= readTo) {
        this.#onCut()
        throw new QueueUnavailableError('The brokers have lost the end of the log.')
      }
      await within(WRITTEN_WITHIN_MS, this.#readTo(answer.seq))
      if (this.#state.seq < answer.seq) {
        throw new QueueUnavailableError('The log is written, but cannot be read back.')
      }
      return outcome.isValid() === true ? 'valid' : 'overtaken'
    } catch (error) {
      const reason = asQueueError(error)
      const mayGiveUpMore = draft.kind !== 'e' && draft.kind !== 'b'
      if (reason instanceof QueueFullError && mayGiveUpMore && (await this.#makeRoom())) return this.write(draft)
      if (reason instanceof QueueUnavailableError && this.#reachable) this.#onDoubt()
      throw reason
    } finally {
      outcome.forget()
    }
  }

  async #readTo(seq: number): Promise<void> {
    const late = setTimeout(() => {
      // If it cannot be fetched either, the consumer is waited for.
      this.#reader()
        .fetchTo(seq)
        .catch(() => undefined)
    }, this.#reader().patienceMs())
    await this.#state.readTo(seq).finally(() => clearTimeout(late))
  }

  async #publish(
    id: string,
    { kind, key, facts, body = '', after }: Draft,
  ): Promise<{ seq: number } | ({ seq?: never } & WrongSequence)> {
    const { js, connection } = this.#brokers
    if (!this.#reachable && kind !== 'n') throw new QueueUnavailableError('NATS JetStream cannot be reached.')
    const subject = subjectOf(this.#stream, kind, key)
    const header = headers()
    header.set(HEADER, writeFacts(facts(id)))
    const bytes = Buffer.byteLength(body) + header.get(HEADER).length + 512
    if (bytes > (connection.info?.max_payload ?? bytes)) {
      throw new QueueUnavailableError('An event is larger than a message of the brokers may be: raise max_payload.')
    }
    try {
      const { seq } = await js.publish(subject, body, {
        msgID: id,
        headers: header,
        timeout: WRITTEN_WITHIN_MS,
        ...(after !== undefined && { expect: { lastSubjectSequence: after } }),
      })
      return { seq }
    } catch (error) {
      const refusal = wrongSequence(error)
      if (refusal === undefined) throw error
      return refusal
    }
  }
}

async function within<Value>(ms: number, promise: Promise<Value>): Promise<Value | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => (timer = setTimeout(resolve, ms, undefined)))
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
