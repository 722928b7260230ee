/** The texts of chunks: those this node has just written, and those it has read to send. Bounded; the log has them all. */
import type { LeasedEvent } from '../queue.js'
import { eventsOf } from '../postgres/chunk.js'
import type { Brokers } from './connection.js'
import type { Chunk } from './pixel-state.js'

const MAX_BYTES = 32 * 1024 * 1024
/** Requests to the brokers at a time. */
const READ_AT_ONCE = 64

export class Bodies {
  readonly #brokers: Brokers
  readonly #stream: string
  readonly #kept = new Map<string, string>()
  #bytes = 0

  constructor(brokers: Brokers, stream: string) {
    this.#brokers = brokers
    this.#stream = stream
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
    const text = kept ?? (await readMessage(this.#brokers, this.#stream, seq))
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
export async function readMessage({ manager }: Brokers, stream: string, seq: number): Promise<string | undefined> {
  const near = await manager.direct.getMessage(stream, { seq }).catch(() => null)
  const message = near ?? (await manager.streams.getMessage(stream, { seq }))
  return message?.string()
}
