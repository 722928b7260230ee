/**
 * The JSON texts of leased events as they lie in memory: UTF-8, one after the other, a comma between.
 *
 * That is how a request to Meta has them. A queue that reads bytes hands them out so, and the relay sends them as they lie: none of
 * them ever becomes a string, unless somebody wants to read it.
 */
export interface Texts {
  /** The texts, and around them room in the same memory to write what belongs before and after: sending all copies nothing. */
  readonly bytes: Uint8Array
  /** Where each ends. The next begins one byte after it. */
  readonly ends: Uint32Array
}

/** Where one of them lies. */
export interface Place {
  readonly texts: Texts
  readonly index: number
}

const COMMA = 0x2c
/** For the words around `data`: its name before, the token and codes after. */
const ROOM_BEFORE = 64
const ROOM_AFTER = 1_024
const LINE_BREAK = 0x0a

/** The texts from one to another, both included, with the commas between them. */
export function slice({ bytes, ends }: Texts, from: number, to: number): Buffer {
  const start = startOf(ends, from)
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, (ends[to] ?? 0) - start)
}

/**
 * All texts between two others, in one piece, if there is room for these.
 *
 * The memory is that of the texts: it says something else as soon as this is called again.
 */
export function framed({ bytes, ends }: Texts, before: Uint8Array, after: Uint8Array): Buffer | undefined {
  const end = ends.at(-1) ?? 0
  const start = bytes.byteOffset - before.length
  if (start < 0 || bytes.byteOffset + end + after.length > bytes.buffer.byteLength) return undefined
  const all = Buffer.from(bytes.buffer, start, before.length + end + after.length)
  all.set(before)
  all.set(after, before.length + end)
  return all
}

export const textAt = ({ texts, index }: Place): string => slice(texts, index, index).toString()

/** How long an event's text is, about: in bytes, or in characters where it is a string. */
export function lengthOf(event: { readonly json: string; readonly place?: Place }): number {
  if (event.place === undefined) return event.json.length
  const { texts, index } = event.place
  return (texts.ends[index] ?? 0) - startOf(texts.ends, index)
}

const startOf = (ends: Uint32Array, index: number) => (index === 0 ? 0 : (ends[index - 1] ?? 0) + 1)

/**
 * Puts lines together, `count` in all. The memory is theirs alone, so that it can be given to another thread.
 *
 * @param parts lines as UTF-8, each part with at least one, and line breaks between them alone
 */
export function textsOfLines(parts: readonly Uint8Array[], count: number): Texts {
  const length = parts.reduce((sum, part) => sum + part.length + 1, -1)
  const memory = Buffer.allocUnsafeSlow(ROOM_BEFORE + length + ROOM_AFTER).buffer
  const bytes = Buffer.from(memory, ROOM_BEFORE, length)
  const ends = new Uint32Array(count)
  let found = 0
  let end = 0
  for (const part of parts) {
    if (end > 0) bytes[end++] = COMMA
    bytes.set(part, end)
    const partEnd = end + part.length
    for (let at = bytes.indexOf(LINE_BREAK, end); at !== -1 && at < partEnd; at = bytes.indexOf(LINE_BREAK, at + 1)) {
      bytes[at] = COMMA
      ends[found++] = at
    }
    ends[found++] = end = partEnd
  }
  return { bytes, ends }
}
