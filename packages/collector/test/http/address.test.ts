import fc from 'fast-check'
import { expect, it } from 'vitest'
import { bareAddress, isLoopbackHost, networkOf } from '../../src/http/address.js'

it('counts all of a /64 as one, and of IPv4 each address', () => {
  expect(networkOf('2001:db8:1:2:3:4:5:6')).toBe(networkOf('2001:db8:1:2::'))
  expect(networkOf('2001:db8:1:2::')).not.toBe(networkOf('2001:db8:1:3::'))
  expect(networkOf('203.0.113.77')).toBe('203.0.113.77')
})

it('never throws, whatever a proxy wrote', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6()), (written) => {
      expect(typeof networkOf(bareAddress(written))).toBe('string')
    }),
  )
})

it.each([
  ['127.0.0.1', true],
  ['127.1.2.3', true],
  ['::1', true],
  ['localhost', true],
  ['0.0.0.0', false],
  ['::', false],
  ['127.example.com', false],
  ['10.0.0.1', false],
])('takes %s for loopback: %s', (host, expected) => {
  expect(isLoopbackHost(host)).toBe(expected)
})
