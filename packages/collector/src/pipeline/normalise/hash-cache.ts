import type { HashCache } from '@pixel-mirror/common'

/** Enough for the countries, states, postcodes and cities that a site's customers live in. */
const MAX_ENTRIES = 10_000

/** Strangers may send anything: long texts are not kept. */
const MAX_KEY_LENGTH = 100

/** A bounded memory of hashes: when it is full it is emptied, which costs less than to keep an order. */
export function createHashCache(): HashCache {
  const hashes = new Map<string, string>()
  return {
    get: (key) => hashes.get(key),
    set(key, hash) {
      if (key.length > MAX_KEY_LENGTH) return
      if (hashes.size >= MAX_ENTRIES) hashes.clear()
      hashes.set(key, hash)
    },
  }
}
