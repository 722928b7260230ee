import type { Logger } from 'pino'
import type { Observe } from '../observer.js'

/** What every queue is given when it is opened. */
export interface QueueOptions {
  /** From this size on, in bytes of storage, the queue refuses. */
  maxBytes: number
  log: Pick<Logger, 'info' | 'warn' | 'error'>
  /** Is told alarms: a damaged file, a full disk, a gap in the books. */
  observe: Observe
  /** Milliseconds since the epoch. The only clock of the queue: its storage never reads another. */
  now: () => number
  /** Refuse when another process uses the queue now, also where several could. A file is never shared. Default: false. */
  alone?: boolean
  /** The pixels this collector is set up for; two collectors with none in common on the same shared queue are a mistake. */
  pixelIds?: readonly string[]
}
