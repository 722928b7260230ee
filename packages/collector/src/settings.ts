import type { Pixel } from './pixels.js'
import type { Secret } from './secret.js'

/** Everything that can be set, after checking. Variables, defaults, checks and meanings stand in `settings/table.ts`. */
export interface Settings {
  pixels: readonly Pixel[]
  /** Example: `v26.0`. */
  apiVersion: string
  graphUrl: string
  /** No token is set: the built-in sandbox stands in for Meta. */
  sandbox: boolean
  host: string
  port: number
  adminHost: string
  adminPort: number
  inspectPassword?: Secret
  /** `sqlite:./data/queue.db`, `postgres://…`, `direct:`. May hold a password: never print it. */
  queueUrl: string
  maxQueueBytes: number
  maxBodyBytes: number
  /** Requests a second that one address may send; 0 is without limit. */
  rateLimit: number
  apiKeys: readonly Secret[]
  /** How many proxies to believe, or the networks they are in. */
  trustProxy: number | readonly string[]
  cookieDomain?: string
  /** How long a browser remembers what its visitor has said, in days; 0 is not at all. */
  rememberMatchDataDays: number
  /** ISO 3166-1 alpha-2, upper case. Completes phone numbers and postcodes. */
  defaultCountry?: string
  logLevel: string
  /** The path that events are posted to, `/events` unless set otherwise. */
  eventsPath: string
  /** The tracker's path, `/tracker.js` unless set otherwise. */
  trackerPath: string
  /** How long a collector that stops takes events still, in milliseconds: until its load balancer has noticed. */
  drainMs: number
  /** How long stopping may wait for what is under way. */
  stopTimeoutMs: number
}
