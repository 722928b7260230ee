import { attempt } from './report.js'

/** A deep copy of an object that a page hands over; without what cannot be copied; nothing for other values. */
export const snapshot = <T>(value: T): T | undefined =>
  attempt(() =>
    Object(value) === value
      ? (copy(value) ??
        (Object.fromEntries(Object.entries(value as object).map(([key, part]) => [key, copy(part)])) as T))
      : undefined,
  )

/** Circular, a BigInt, or a getter that throws: then there is none. */
const copy = <T>(value: T) => attempt(() => JSON.parse(JSON.stringify(value)) as T)
