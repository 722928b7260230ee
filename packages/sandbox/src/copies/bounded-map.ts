/**
 * A map that holds so many entries and no more: the one that came first goes first.
 *
 * The keys stand in a ring beside it. Looking for the oldest in the map itself would walk over all that were deleted before.
 */
export class BoundedMap<Value> {
  readonly #capacity: number
  readonly #values = new Map<string, Value>()
  readonly #ring: string[] = []
  #next = 0

  constructor(capacity: number) {
    this.#capacity = Math.max(1, capacity)
  }

  get size(): number {
    return this.#values.size
  }

  get(key: string): Value | undefined {
    return this.#values.get(key)
  }

  set(key: string, value: Value): void {
    if (!this.#values.has(key)) {
      const oldest = this.#ring[this.#next]
      if (oldest !== undefined) this.#values.delete(oldest)
      this.#ring[this.#next] = key
      this.#next = (this.#next + 1) % this.#capacity
    }
    this.#values.set(key, value)
  }

  /** In the order in which the keys came. */
  values(): Value[] {
    return [...this.#values.values()]
  }

  clear(): void {
    this.#values.clear()
    this.#ring.length = 0
    this.#next = 0
  }
}
