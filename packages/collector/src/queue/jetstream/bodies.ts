/**
 * The texts of chunks: those this node has just written, and those it has read to send. Bounded; the log has them all.
 *
 * A broker that says there is no such message may only be behind: one that has just come to lead does not have everything yet that it will.
 * So it is believed only when all say the same several times, each time behind a commit of that moment.
 */
import type { StoredMsg } from '@nats-io/jetstream'
import { setTimeout as wait } from 'node:timers/promises'
import type { LeasedEvent } from '../queue.js'
import { eventsOf } from '../postgres/chunk.js'
import type { Brokers } from './connection.js'
import { HEADER } from './messages.js'
import type { Chunk } from './chunk.js'

const MAX_BYTES = 32 * 1024 * 1024
/** Requests to the brokers at a time. */
const READ_AT_ONCE = 64
/** Before each further look for a message that nobody has, in milliseconds. */
const LOOK_AGAIN_AFTER_MS = [0, 100, 400, 1_000]

export interface BodiesOptions {
  brokers: Brokers
  stream: string
  /** Resolves when the brokers have taken something, and so have all that was before it. */
  commit: () => Promise<void>
  sleep?: (ms: number) => Promise<unknown>
}

export class Bodies {
  readonly #brokers: Brokers
  readonly #stream: string
  readonly #commit: () => Promise<void>
  readonly #sleep: (ms: number) => Promise<unknown>
  readonly #kept = new Map<string, string>()
  #bytes = 0

  constructor({ brokers, stream, commit, sleep = wait }: BodiesOptions) {
    this.#brokers = brokers
    this.#stream = stream
    this.#commit = commit
    this.#sleep = sleep
  }

  put(pixelId: string, version: number, body: string): void {
    this.#kept.set(`${pixelId} ${version}`, body)
    this.#bytes += body.length
    for (const [key, oldest] of this.#kept) {
      if (this.#bytes <= MAX_BYTES) break
      this.#kept.delete(key)
      this.#bytes -= oldest.length
    }
  }

  /** The events of each chunk; `undefined` for one that is not in the log any more. */
  async read(pixelId: string, chunks: readonly Chunk[]): Promise<(LeasedEvent[] | undefined)[]> {
    const read: (LeasedEvent[] | undefined)[] = []
    for (let at = 0; at < chunks.length; at += READ_AT_ONCE) {
      const texts = chunks.slice(at, at + READ_AT_ONCE).map((chunk) => this.#read(pixelId, chunk))
      read.push(...(await Promise.all(texts)))
    }
    return read
  }

  /** What the header of any message says; `undefined` when the brokers do not have it, which they may only not have yet. */
  async facts(seq: number): Promise<string | undefined> {
    return (await readMessage(this.#brokers, this.#stream, seq))?.header.get(HEADER)
  }

  /** The body of any message; `undefined` when it is not in the log any more. */
  async text(seq: number): Promise<string | undefined> {
    let message = await readMessage(this.#brokers, this.#stream, seq)
    for (const afterMs of LOOK_AGAIN_AFTER_MS) {
      if (message !== null) break
      await this.#sleep(afterMs)
      await this.#commit()
      message = await readMessage(this.#brokers, this.#stream, seq)
    }
    return message?.string()
  }

  async #read(
    pixelId: string,
    { version, seq, receivedAtMs, events, hashes }: Chunk,
  ): Promise<LeasedEvent[] | undefined> {
    const key = `${pixelId} ${version}`
    const kept = this.#kept.get(key)
    if (kept !== undefined) {
      this.#kept.delete(key)
      this.#bytes -= kept.length
    }
    const text = kept ?? (await this.text(seq))
    if (text === undefined) return undefined
    const end = text.indexOf('\n')
    return eventsOf({
      id: String(version),
      n: events,
      bytes: hashes.length,
      received_ms: String(receivedAtMs),
      gone: [],
      ambiguous: {},
      facts: text.slice(0, end),
      body: text.slice(end + 1),
    })
  }
}

/** From any broker that has it; asked of the leader when the nearest does not have it yet. */
async function readMessage({ manager }: Brokers, stream: string, seq: number): Promise<StoredMsg | null> {
  const near = await manager.direct.getMessage(stream, { seq }).catch(() => null)
  return near ?? (await manager.streams.getMessage(stream, { seq }))
}
