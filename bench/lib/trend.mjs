/** Whether something grows: what it is in the last quarter of the time, beside the second one. The first is for warming up. */

/** @param {number[]} values in the order of time */
export function growth(values) {
  const quarter = Math.floor(values.length / 4)
  if (quarter === 0) return 1
  const early = median(values.slice(quarter, 2 * quarter))
  const late = median(values.slice(-quarter))
  return early === 0 ? (late === 0 ? 1 : Infinity) : late / early
}

/** The upper one of two middle ones. `NaN` where there is none. */
export function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
}
