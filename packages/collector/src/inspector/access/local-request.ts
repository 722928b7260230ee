import type { IncomingMessage } from 'node:http'
import { BlockList } from 'node:net'

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

const LOCAL_NAME = /^(localhost|127(?:\.\d{1,3}){3}|\[::1\]|[a-z0-9-]+\.localhost)(:\d+)?$/i

/**
 * Does this request come from this machine, and by a name of this machine?
 *
 * The address alone is not enough: a page of any site can point its own name at 127.0.0.1 ("DNS rebinding") and read what it
 * gets from there; its requests then carry its name in `Host`. Nor may a proxy on this machine open the door to everyone.
 */
export function isLocalRequest(request: Pick<IncomingMessage, 'headers' | 'socket'>): boolean {
  const { remoteAddress = '' } = request.socket
  const { host = '' } = request.headers
  const forwarded = request.headers['x-forwarded-for'] ?? request.headers.forwarded
  return isLoopback(remoteAddress) && LOCAL_NAME.test(host) && forwarded === undefined
}

function isLoopback(address: string): boolean {
  const ipv4 = /^(?:::ffff:)?(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  return ipv4 === undefined ? LOOPBACK.check(address, 'ipv6') : LOOPBACK.check(ipv4, 'ipv4')
}
