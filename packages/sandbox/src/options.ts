import type { Keep } from './copies/ledger.js'
import type { SandboxPixel } from './graph/pixels.js'

/** Who may use the control API and see the page of copies. */
export type Control =
  /** Callers from this machine. */
  | 'loopback'
  /** Everyone who reaches the port: for a container network. */
  | 'anyone'
  /** Nobody, over HTTP. */
  | 'nobody'

export interface SandboxOptions {
  /**
   * The pixels that exist, with their tokens.
   *
   * @defaultValue none named: every numeric id exists and takes any token.
   */
  pixels?: readonly SandboxPixel[]
  /**
   * Whether events are judged by Meta's rules. `false` only counts them, for benchmarks; with `keep: 'counts'` and no `pixels`
   * named, it does so without even parsing them.
   *
   * @defaultValue `true`
   */
  strict?: boolean
  /**
   * How much is remembered of the copies.
   *
   * @defaultValue `'all'`
   */
  keep?: Keep
  /**
   * How many events are remembered; the oldest go first.
   *
   * @defaultValue `10_000`, with `keep: 'ids'` `2_000_000`
   */
  capacity?: number
  /**
   * How far in the future an event may lie, in milliseconds. Meta publishes no number.
   *
   * @defaultValue `60_000`
   */
  futureToleranceMs?: number
  /**
   * The largest request, in bytes. Meta publishes no number.
   *
   * @defaultValue `33_554_432`
   */
  maxBodyBytes?: number
  /**
   * Who may use the control API.
   *
   * @defaultValue `'loopback'`
   */
  control?: Control
  /**
   * The clock, in milliseconds since the epoch.
   *
   * @defaultValue `Date.now`
   */
  now?: () => number
}

export type ResolvedOptions = Required<Omit<SandboxOptions, 'pixels'>> & Pick<SandboxOptions, 'pixels'>

const DEFAULTS = {
  strict: true,
  keep: 'all',
  futureToleranceMs: 60_000,
  maxBodyBytes: 32 * 1024 * 1024,
  control: 'loopback',
  now: () => Date.now(),
} as const satisfies SandboxOptions

export function resolveOptions(options: SandboxOptions): ResolvedOptions {
  const capacity = options.keep === 'ids' ? 2_000_000 : 10_000
  return { ...DEFAULTS, capacity, ...options }
}
