import type { IncomingEvent } from '@pixel-mirror/common'

/** What one entry of a file turned out to be. */
export type Order =
  | { line: number; endByte: number; event: IncomingEvent }
  /** It cannot be read; `problem` goes after "line 17". Never quotes the line: it holds personal data. */
  | { line: number; endByte: number; problem: string }
