/**
 * A set of 64-bit hashes in flat memory: 11 to 22 bytes an entry, no garbage, no object per entry.
 *
 * A hash is given as two unsigned 32-bit halves. Slots are tried one after another; half of them at least a quarter stay empty.
 */
export interface HashSet {
  readonly size: number
  has(high: number, low: number): boolean
  add(high: number, low: number): void
}

const FIRST_SLOTS = 1024
const FULL = 0.75

export function hashSet(): HashSet {
  let slots = new Uint32Array(2 * FIRST_SLOTS)
  let size = 0

  /** Where the hash is, or the empty slot where it belongs. A slot with both halves 0 is empty. */
  function find(high: number, low: number): number {
    const mask = slots.length / 2 - 1
    let slot = low & mask
    for (;;) {
      const at = 2 * slot
      if ((slots[at] === high && slots[at + 1] === low) || (slots[at] === 0 && slots[at + 1] === 0)) return at
      slot = (slot + 1) & mask
    }
  }

  const isEmpty = (at: number) => slots[at] === 0 && slots[at + 1] === 0

  function grow(): void {
    const old = slots
    slots = new Uint32Array(2 * old.length)
    for (let at = 0; at < old.length; at += 2) {
      if (old[at] !== 0 || old[at + 1] !== 0) put(old[at]!, old[at + 1]!)
    }
  }

  function put(high: number, low: number): void {
    const at = find(high, low)
    slots[at] = high
    slots[at + 1] = low
  }

  return {
    get size() {
      return size
    },
    has: (high, low) => !isEmpty(find(high, low)),
    add(high, low) {
      if (!isEmpty(find(high, low))) return
      if (size >= (slots.length / 2) * FULL) grow()
      put(high, low)
      size++
    },
  }
}
