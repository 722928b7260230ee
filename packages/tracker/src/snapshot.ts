import { attempt } from './report.js'

/** A deep copy of an object that a page hands over; nothing for other values, and where there is no copying it. */
export const snapshot = <T>(value: T): T | undefined =>
  // Circular, a BigInt, or a getter that throws.
  attempt(() => (value === Object(value) ? (JSON.parse(JSON.stringify(value)) as T) : undefined))
