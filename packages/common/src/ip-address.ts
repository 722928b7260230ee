/**
 * Internet addresses as Meta wants them: valid, public, without port, zone or brackets.
 *
 * Written by hand because `common` runs in browsers too, where `node:net` is missing; a property test holds it against `net.isIP`.
 */

/** IPv4 networks that name no visitor: this host, private, shared by a carrier, link-local, benchmarks, multicast, reserved. */
const NOT_PUBLIC_IPV4 = [
  [0x00000000, 8],
  [0x0a000000, 8],
  [0x64400000, 10],
  [0x7f000000, 8],
  [0xa9fe0000, 16],
  [0xac100000, 12],
  [0xc0000000, 24],
  [0xc0a80000, 16],
  [0xc6120000, 15],
  [0xe0000000, 3],
] as const

/**
 * The address in the form that may be sent, or `undefined` when it is none or names no visitor (private, loopback, …).
 *
 * IPv4 inside IPv6 (`::ffff:192.0.2.1`, as Node's sockets deliver it) is unwrapped.
 */
export function publicIpAddress(text: string): string | undefined {
  const address = text.trim().toLowerCase()
  if (!address.includes(':')) return isPublicIpv4(parseIpv4(address)) ? address : undefined
  const words = parseIpv6(address)
  if (words === undefined) return undefined
  const inner = ipv4Inside(words)
  if (inner !== undefined) return isPublicIpv4(inner) ? formatIpv4(inner) : undefined
  // 2000::/3 is all that has been given out as public.
  return (words[0] ?? 0) >> 13 === 1 ? address : undefined
}

/** The 32 bits of a dotted address; `undefined` when it is none. Leading zeros are refused: some read them as octal. */
export function parseIpv4(text: string): number | undefined {
  let bits = 0
  let octet = -1
  let dots = 0
  for (let index = 0; index <= text.length; index++) {
    const code = index === text.length ? DOT : text.charCodeAt(index)
    if (code === DOT) {
      if (octet < 0) return undefined
      bits = bits * 256 + octet
      octet = -1
      dots++
    } else {
      const digit = code - ZERO
      if (digit < 0 || digit > 9 || octet === 0) return undefined
      octet = octet < 0 ? digit : octet * 10 + digit
      if (octet > 255) return undefined
    }
  }
  return dots === 4 ? bits : undefined
}

const DOT = 46
const ZERO = 48

/** The eight 16-bit words of an IPv6 address; `undefined` when it is none. Read in one pass: every event has one. */
export function parseIpv6(text: string): number[] | undefined {
  const words: number[] = []
  let gapAt = -1
  let start = 0
  if (text.startsWith('::')) {
    gapAt = 0
    start = 2
  }
  while (start < text.length) {
    const end = endOfPart(text, start)
    const last = end === text.length
    if (last && text.indexOf('.', start) >= 0) {
      const ipv4 = parseIpv4(text.slice(start))
      if (ipv4 === undefined) return undefined
      words.push(Math.floor(ipv4 / 0x10000), ipv4 % 0x10000)
      break
    }
    const word = parseWord(text, start, end)
    if (word === undefined) return undefined
    words.push(word)
    start = end + 1
    if (last) break
    if (start === text.length) return undefined
    if (text.charCodeAt(start) === COLON) {
      if (gapAt >= 0) return undefined
      gapAt = words.length
      start++
    }
  }
  return gapAt < 0 ? (words.length === 8 ? words : undefined) : filled(words, gapAt)
}

const COLON = 58

function endOfPart(text: string, start: number): number {
  const colon = text.indexOf(':', start)
  return colon < 0 ? text.length : colon
}

function parseWord(text: string, start: number, end: number): number | undefined {
  if (end <= start || end - start > 4) return undefined
  let word = 0
  for (let index = start; index < end; index++) {
    const digit = hexadecimal(text.charCodeAt(index))
    if (digit < 0) return undefined
    word = word * 16 + digit
  }
  return word
}

function hexadecimal(code: number): number {
  if (code >= ZERO && code <= ZERO + 9) return code - ZERO
  const letter = code | 32
  return letter >= LOWER_A && letter <= LOWER_A + 5 ? letter - LOWER_A + 10 : -1
}

const LOWER_A = 97

/** `::` stands for one zero word at least. */
function filled(words: number[], gapAt: number): number[] | undefined {
  const missing = 8 - words.length
  if (missing < 1) return undefined
  words.splice(gapAt, 0, ...new Array<number>(missing).fill(0))
  return words
}

/** The IPv4 address in `::ffff:0:0/96`. */
function ipv4Inside(words: number[]): number | undefined {
  const mapped = words[5] === 0xffff && words.slice(0, 5).every((word) => word === 0)
  return mapped ? (words[6] ?? 0) * 0x10000 + (words[7] ?? 0) : undefined
}

function isPublicIpv4(bits: number | undefined): boolean {
  return (
    bits !== undefined &&
    !NOT_PUBLIC_IPV4.some(([network, length]) => bits >>> (32 - length) === network >>> (32 - length))
  )
}

function formatIpv4(bits: number): string {
  return [bits >>> 24, (bits >>> 16) & 255, (bits >>> 8) & 255, bits & 255].join('.')
}
