import { expect, it } from 'vitest'
import { isLocalRequest } from '../../../src/inspector/access/local-request.js'

const from = (remoteAddress: string | undefined, headers: Record<string, string>) =>
  isLocalRequest({ socket: { remoteAddress } as never, headers })

it.each([
  ['127.0.0.1', 'localhost:8081'],
  ['::1', '[::1]:8081'],
  ['::ffff:127.0.0.1', '127.0.0.1:8081'],
  ['127.0.0.1', 'inspect.localhost:8081'],
])('knows %s asking for %s as this machine', (address, host) => {
  expect(from(address, { host })).toBe(true)
})

it.each([
  ['another machine', '10.0.0.7', { host: 'localhost:8081' }],
  ['another machine by IPv6', '2001:db8::1', { host: 'localhost' }],
  ['a name that was pointed here (DNS rebinding)', '127.0.0.1', { host: 'evil.example:8081' }],
  ['a name that only looks local', '127.0.0.1', { host: 'localhost.evil.example' }],
  ['a proxy on this machine', '127.0.0.1', { host: 'localhost', 'x-forwarded-for': '203.0.113.9' }],
  ['no name at all', '127.0.0.1', {}],
  ['a closed connection', undefined, { host: 'localhost' }],
])('does not take %s for this machine', (_, address, headers) => {
  expect(from(address, headers)).toBe(false)
})
