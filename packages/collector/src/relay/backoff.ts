/** Grows from `baseMs` by doubling, up to `capMs`. */
export interface Backoff {
  baseMs: number
  capMs: number
}

/**
 * How long to wait after so many failures in a row, in milliseconds: uniform between 0 and the growing bound ("full jitter"),
 * so that what failed together does not come back together.
 *
 * @param failures 1 after the first one
 * @param random uniform in [0, 1)
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function backoffMs(failures: number, { baseMs, capMs }: Backoff, random: () => number): number {
  return Math.floor(random() * Math.min(capMs, baseMs * 2 ** Math.max(0, failures - 1)))
}
