import type { Sender } from '../pipeline/received.js'
import type { AllowedPixels } from './origins.js'

/** Who has been let in. */
export interface Entered {
  sender: Sender
  /** The page's origin, for browsers. */
  origin: string | undefined
  /** The pixels it may send for. */
  pixels: AllowedPixels
}

/** A server that has shown its key. */
export const SERVER: Entered = { sender: 'server', origin: undefined, pixels: 'all' }
