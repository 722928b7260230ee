import { createReadStream } from 'node:fs'

/** One line of a file. */
export interface Line {
  /** From 1, as editors count. */
  number: number
  text: string
  /** How many bytes of the file are read when this line is. */
  endByte: number
  /** Set instead of the text when it is no text of ours. */
  problem?: string
}

const NEWLINE = 0x0a
const MAX_LINE_BYTES = 1024 * 1024
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The lines of a text file, without their line breaks. A line that is too long or not UTF-8 comes as a problem. */
export async function* fileLines(path: string): AsyncGenerator<Line> {
  let pieces: Buffer[] = []
  let bytes = 0
  let number = 0
  let endByte = 0

  function finish(): Line {
    number++
    const whole = Buffer.concat(pieces)
    const line = bytes > MAX_LINE_BYTES ? tooLong : decode(whole)
    pieces = []
    bytes = 0
    return { number, endByte, ...line }
  }

  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    let start = 0
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, start)) {
      keep(chunk.subarray(start, at))
      endByte += at + 1 - start
      yield finish()
      start = at + 1
    }
    keep(chunk.subarray(start))
    endByte += chunk.length - start
  }
  if (bytes > 0) yield finish()

  /** What is beyond the limit is counted and let go, so that a file without line breaks does not fill the memory. */
  function keep(piece: Buffer): void {
    if (bytes + piece.length <= MAX_LINE_BYTES) pieces.push(piece)
    bytes += piece.length
  }
}

const tooLong = { text: '', problem: 'is longer than 1 MB' }

function decode(bytes: Buffer): { text: string; problem?: string } {
  try {
    return {
      text: utf8
        .decode(bytes)
        .replace(/^\uFEFF/, '')
        .replace(/\r$/, ''),
    }
  } catch {
    return { text: '', problem: 'is not UTF-8; save the file as UTF-8' }
  }
}
