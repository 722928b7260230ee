/** A deep copy of what a page hands over, or undefined where there is no copying it. The page may change its object later; Meta's `init` does. */
export function snapshot<T>(value: T): T | undefined {
  try {
    return value && typeof value === 'object' ? (JSON.parse(JSON.stringify(value)) as T) : undefined
  } catch {
    // Circular, a BigInt, or a getter that throws.
    return undefined
  }
}
