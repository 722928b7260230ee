import type { Counts } from '../src/inspector/counts.js'

/**
 * A latency below which a share of the requests ended, estimated within its class.
 *
 * @param share 0.5 for the median
 * @returns milliseconds; `undefined` when there were no requests
 */
export function latencyAt(counts: Counts, share: number): number | undefined {
  const classes = Object.entries(counts)
    .flatMap(([name, value]): [number, number][] =>
      name.startsWith('latency.') ? [[name === 'latency.more' ? Infinity : Number(name.slice(8)), value]] : [],
    )
    .sort(([a], [b]) => a - b)
  const all = classes.reduce((sum, [, value]) => sum + value, 0)
  if (all === 0) return undefined
  let below = 0
  let from = 0
  for (const [bound, value] of classes) {
    if (below + value >= share * all) {
      // Beyond the last bound nothing is known but that it is more.
      return bound === Infinity ? from : from + (bound - from) * ((share * all - below) / value)
    }
    below += value
    from = bound
  }
  return from
}
