/** A time in seconds, as Meta counts it; now, unless another one is given. */
export const nowS = (ms = Date.now()): number => (ms / 1_000) >>> 0
