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
  const words = parseIpv6(address)
  const mapped = words !== undefined && words[5] === 0xffff && words.slice(0, 5).every((word) => word === 0)
  const ipv4 = mapped ? words[6]! * 65_536 + words[7]! : parseIpv4(address)
  if (ipv4 !== undefined) return [24, 16, 8, 0].map((shift) => (ipv4 >>> shift) & 255).join('.')
  if (words === undefined) return 'unknown'
  const first = words.slice(0, 4).map((word) => word.toString(16))
  return `${first.join(':')}::`
}

/** Whether a listener on this host is reached from this machine alone. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}
