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

/** The eight 16-bit words of an IPv6 address; `undefined` when it is none. */
export function parseIpv6(text: string): number[] | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const head = parseWords(halves[0] ?? '', halves.length === 1)
  const tail = halves.length === 2 ? parseWords(halves[1] ?? '', true) : []
  if (head === undefined || tail === undefined) return undefined
  if (halves.length === 1) return head.length === 8 ? head : undefined
  const missing = 8 - head.length - tail.length
  return missing >= 1 ? [...head, ...new Array<number>(missing).fill(0), ...tail] : undefined
}

const WORD = /^[0-9a-f]{1,4}$/i

function parseWords(text: string, mayEndInIpv4: boolean): number[] | undefined {
  if (text === '') return []
  const words: number[] = []
  const parts = text.split(':')
  for (const [index, part] of parts.entries()) {
    if (WORD.test(part)) {
      words.push(parseInt(part, 16))
      continue
    }
    const ipv4 = mayEndInIpv4 && index === parts.length - 1 ? parseIpv4(part) : undefined
    if (ipv4 === undefined) return undefined
    words.push(Math.floor(ipv4 / 0x10000), ipv4 % 0x10000)
  }
  return words.length <= 8 ? words : undefined
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
