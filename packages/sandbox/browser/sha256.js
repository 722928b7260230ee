// SHA-256 without waiting: the browser's own is asynchronous, and missing on plain http pages.

/**
 * @param {string} text
 * @returns {string} 64 hexadecimal digits
 * @see FIPS 180-4
 */
function sha256(text) {
  const message = padded(new TextEncoder().encode(text))
  const state = [...roots(8, 1 / 2)]
  const constants = roots(64, 1 / 3)
  const schedule = new Uint32Array(64)
  const word = (/** @type {number} */ at) => schedule[at] ?? 0

  for (let block = 0; block < message.byteLength; block += 64) {
    for (let at = 0; at < 16; at++) schedule[at] = message.getUint32(block + at * 4)
    for (let at = 16; at < 64; at++) {
      const [early, late] = [word(at - 15), word(at - 2)]
      const s0 = rotate(early, 7) ^ rotate(early, 18) ^ (early >>> 3)
      const s1 = rotate(late, 17) ^ rotate(late, 19) ^ (late >>> 10)
      schedule[at] = word(at - 16) + s0 + word(at - 7) + s1
    }

    let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state
    constants.forEach((constant, at) => {
      const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
      const t1 = h + s1 + ((e & f) ^ (~e & g)) + constant + word(at)
      const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
      const t2 = s0 + ((a & b) ^ (a & c) ^ (b & c))
      ;[h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) >>> 0, c, b, a, (t1 + t2) >>> 0]
    })
    for (const [at, sum] of [a, b, c, d, e, f, g, h].entries()) state[at] = ((state[at] ?? 0) + sum) >>> 0
  }
  return state.map((sum) => sum.toString(16).padStart(8, '0')).join('')
}

/** @param {number} word @param {number} bits */
function rotate(word, bits) {
  return (word >>> bits) | (word << (32 - bits))
}

/** The message, a one, zeros, and its length in bits. @param {Uint8Array} bytes */
function padded(bytes) {
  const length = Math.ceil((bytes.length + 9) / 64) * 64
  const message = new Uint8Array(length)
  message.set(bytes)
  message[bytes.length] = 0x80
  const view = new DataView(message.buffer)
  view.setUint32(length - 8, Math.floor(bytes.length / 2 ** 29))
  view.setUint32(length - 4, bytes.length << 3)
  return view
}

/**
 * The first 32 bits of the fractions of the roots of the first primes.
 *
 * @param {number} count
 * @param {number} power
 */
function roots(count, power) {
  /** @type {number[]} */
  const primes = []
  for (let number = 2; primes.length < count; number++) {
    if (primes.every((prime) => number % prime !== 0)) primes.push(number)
  }
  return Uint32Array.from(primes, (prime) => (prime ** power % 1) * 2 ** 32)
}

/* exported sha256 */
