/** Who is next: everyone once before anyone twice. Adding, taking and finding out whether someone waits cost the same for any number. */
export interface Turns<T> {
  /** At the end of the line; nothing happens if it stands there already. */
  add(one: T): void
  /** The first for whom `may` holds. Those passed over keep their places. */
  take(may: (one: T) => boolean): T | undefined
  remove(one: T): void
  readonly size: number
}

export function createTurns<T>(): Turns<T> {
  // A Set remembers in which order things were added, and whether they are there.
  const line = new Set<T>()
  return {
    add: (one) => void line.add(one),
    take(may) {
      for (const one of line) {
        if (!may(one)) continue
        line.delete(one)
        return one
      }
      return undefined
    },
    remove: (one) => void line.delete(one),
    get size() {
      return line.size
    },
  }
}
