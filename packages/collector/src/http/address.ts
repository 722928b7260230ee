import { BlockList, isIP, isIPv4 } from 'node:net'

/** Addresses that say nothing about a visitor: Meta ignores or refuses them. */
const NOT_PUBLIC = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10], // carriers' shared address space, RFC 6598
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15], // benchmarks, RFC 2544
  ['224.0.0.0', 3], // multicast, reserved, broadcast
] as const) {
  NOT_PUBLIC.addSubnet(network, prefix, 'ipv4')
}
for (const [network, prefix] of [
  ['::', 127], // unspecified and loopback
  ['100::', 64], // discard, RFC 6666
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10], // site-local, deprecated
  ['ff00::', 8],
] as const) {
  NOT_PUBLIC.addSubnet(network, prefix, 'ipv6')
}

/**
 * An address as proxies and sockets write it, made plain: without port, brackets and zone, IPv4-mapped IPv6 unwrapped.
 * `undefined` when it is none.
 */
export function plainAddress(written: string): string | undefined {
  const bare =
    /^\[([^\]]*)\](?::\d+)?$/.exec(written)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(written)?.[1] ?? written
  const address = bare.replace(/%.*$/, '').toLowerCase()
  const mapped = /^::ffff:(?:(\d+\.\d+\.\d+\.\d+)|([0-9a-f]{1,4}):([0-9a-f]{1,4}))$/.exec(address)
  if (mapped?.[1]) return isIPv4(mapped[1]) ? mapped[1] : undefined
  if (mapped?.[2] && mapped[3]) {
    const bits = (Number.parseInt(mapped[2], 16) << 16) | Number.parseInt(mapped[3], 16)
    return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.')
  }
  return isIP(address) ? address : undefined
}

/** Whether a plain address can be a visitor's on the internet. */
export function isPublic(address: string): boolean {
  return !NOT_PUBLIC.check(address, isIPv4(address) ? 'ipv4' : 'ipv6')
}

/** What counts as one address for a limit, and what may be logged of it: IPv6 users get a /64 each, IPv4 is kept whole. */
export function networkOf(address: string): string {
  return isIPv4(address) ? address : `${expand(address).slice(0, 4).join(':')}::/64`
}

/** An address that can be logged: the last quarter of IPv4 and all but the first three groups of IPv6 are cut off. */
export function truncatedAddress(address: string): string {
  return isIPv4(address) ? address.replace(/\d+$/, '0') : `${expand(address).slice(0, 3).join(':')}::`
}

/** The eight groups of an IPv6 address, each without leading zeros. */
function expand(address: string): string[] {
  const [head = '', tail] = address.split('::')
  const groups = (part: string) => (part === '' ? [] : part.split(':'))
  const [front, back] = [groups(head), groups(tail ?? '')]
  const missing = Math.max(0, 8 - front.length - back.length)
  const all = tail === undefined ? front : [...front, ...Array<string>(missing).fill('0'), ...back]
  return all.map((group) => group.replace(/^0+(?=.)/, ''))
}
