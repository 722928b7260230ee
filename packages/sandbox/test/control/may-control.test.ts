import type { IncomingMessage } from 'node:http'
import { expect, it } from 'vitest'
import { mayControl } from '../../src/control/may-control.js'

const request = (remoteAddress: string, headers: Record<string, string>) =>
  ({ socket: { remoteAddress }, headers }) as unknown as IncomingMessage

it.each<[who: string, address: string, headers: Record<string, string>, may: boolean]>([
  ['this machine', '127.0.0.1', { host: 'localhost:8090' }, true],
  ['this machine by another of its addresses', '127.8.0.1', { host: '127.8.0.1' }, true],
  ['this machine over IPv6', '::1', { host: '[::1]:8090' }, true],
  ['this machine over a socket for both', '::ffff:127.0.0.1', { host: 'LOCALHOST' }, true],
  ['another machine', '203.0.113.9', { host: 'localhost:8090' }, false],
  ['another machine over IPv6', '2001:db8::1', { host: '[::1]:8090' }, false],
  ['a page that calls this machine by its own name', '127.0.0.1', { host: 'evil.example' }, false],
  ['a name that only begins like this machine', '127.0.0.1', { host: 'localhost.evil.example' }, false],
  ['nobody in particular', '127.0.0.1', {}, false],
  ['a proxy', '127.0.0.1', { host: 'localhost', 'x-forwarded-for': '203.0.113.9' }, false],
  ['a proxy that follows the standard', '127.0.0.1', { host: 'localhost', forwarded: 'for=203.0.113.9' }, false],
])('lets %s in, or not', (_, address, headers, may) => {
  expect(mayControl(request(address, headers), 'loopback')).toBe(may)
  expect(mayControl(request(address, headers), 'anyone')).toBe(true)
  expect(mayControl(request(address, headers), 'nobody')).toBe(false)
})
