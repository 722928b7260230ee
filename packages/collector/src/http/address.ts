import { isIPv4 } from 'node:net'
import { parseIpv4, parseIpv6 } from '@pixel-mirror/common'

/** An address as proxies and sockets write it, without port, brackets and zone. Whether it is one is for others to say. */
export function bareAddress(written: string): string {
  const [, host] = BRACKETED.exec(written) ?? IPV4_WITH_PORT.exec(written) ?? []
  return (host ?? written).replace(ZONE, '')
}

const BRACKETED = /^\[([^\]]*)\](?::\d+)?$/
const IPV4_WITH_PORT = /^(\d+\.\d+\.\d+\.\d+):\d+$/
const ZONE = /%.*$/

/** What counts as one address for a limit: a user of IPv6 has a whole /64. */
export function networkOf(address: string): string {
  return cut(address, 4, 4) ?? 'unknown'
}

/** As much of an address as may be logged: three of the four parts of IPv4, three of the eight of IPv6. */
export function truncatedAddress(address: string): string {
  return cut(address, 3, 3) ?? 'unknown'
}

function cut(address: string, ipv4Parts: number, ipv6Parts: number): string | undefined {
  const words = parseIpv6(address)
  const mapped = words !== undefined && words[5] === 0xffff && words.slice(0, 5).every((word) => word === 0)
  const ipv4 = mapped ? words[6]! * 65_536 + words[7]! : parseIpv4(address)
  if (ipv4 !== undefined) {
    const parts = [24, 16, 8, 0].map((shift) => (ipv4 >>> shift) & 255)
    return parts.fill(0, ipv4Parts).join('.')
  }
  if (words === undefined) return undefined
  const kept = words.slice(0, ipv6Parts).map((word) => word.toString(16))
  return `${kept.join(':')}::`
}

/** Whether a listener on this host is reached from this machine alone. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}
