import type { ServerEvent } from '@pixel-mirror/common'
import type { Pixels } from '../pixels.js'
import type { Received } from './received.js'

/** What the pipeline must know of the world; all else is in the request. */
export interface PipelineOptions {
  pixels: Pixels
  /**
   * Completes telephone numbers and postcodes of people whose country is not known. ISO 3166-1 alpha-2.
   *
   * @defaultValue none: such numbers stay as they are
   */
  defaultCountry?: string | undefined
  /** Whether a user agent is a robot's: its events are left out as `bot`. See `createBotCheck()`. */
  isBot: (userAgent: string) => boolean
  /**
   * The site's own code: changes an event, or leaves it out (as `vetoed`) by returning `undefined`.
   *
   * It sees the event checked and enriched, before personal data is hashed; what it returns is checked again and hashed like any other.
   * It must be quick and synchronous. If it throws, the event is refused as `transform_failed`.
   */
  transform?: Transform | undefined
  /** Told what `transform` threw. */
  onTransformError?: ((error: unknown) => void) | undefined
  /**
   * Makes an `_fbp` for visitors whose browser has none, as Meta's pixel would. Only where they have consented: the tracker normally sees to it.
   *
   * @defaultValue `false`
   */
  mintBrowserId?: boolean | undefined
  /** A new unique event id, for events that come without one. */
  randomId: () => string
  /** From 0 to below 1, like `Math.random`, which is the default. */
  random?: (() => number) | undefined
}

export type Transform = (
  event: ServerEvent,
  context: { pixelId: string; received: Received },
) => ServerEvent | undefined
