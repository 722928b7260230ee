const MAX_ENTRIES = 5_000
const MAX_LENGTH = 256

/**
 * Keeps the results of a pure function by its text, for values that repeat from request to request (addresses, origins, hosts).
 *
 * Bounded whatever strangers send: long texts are decided anew, and when many have gathered all are forgotten, which is
 * cheaper than keeping an order.
 */
export function remember<T>(decide: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>()
  return (text) => {
    const found = known.get(text)
    if (found !== undefined) return found
    const decided = decide(text)
    if (text.length > MAX_LENGTH) return decided
    if (known.size >= MAX_ENTRIES) known.clear()
    known.set(text, decided)
    return decided
  }
}
