import type { IncomingMessage } from 'node:http'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createReceiver } from '../../src/http/received.js'

type Headers = Record<string, string>

const BROWSER = { sender: 'browser', origin: undefined, pixels: 'all' } as const

const request = (headers: Headers, remoteAddress = '203.0.113.1', encrypted = false): IncomingMessage =>
  ({ headers, socket: { remoteAddress, encrypted } }) as unknown as IncomingMessage

const received = (headers: Headers, remoteAddress?: string, trustProxy: number | string[] = 0) =>
  createReceiver(trustProxy, () => 0).received(request(headers, remoteAddress), BROWSER)

describe('the visitor’s address', () => {
  it.each<[string, number | string[], string, string | undefined, string | undefined]>([
    ['is the connection’s, when no proxy is trusted', 0, '203.0.113.1', '198.51.100.9', '203.0.113.1'],
    ['is the connection’s, when nothing is forwarded', 1, '203.0.113.1', undefined, '203.0.113.1'],
    ['is what the one trusted proxy appended', 1, '10.0.0.1', '198.51.100.9', '198.51.100.9'],
    ['is not what the client wrote before it', 1, '10.0.0.1', '6.6.6.6, 198.51.100.9', '198.51.100.9'],
    ['is two steps back behind two proxies', 2, '10.0.0.1', '6.6.6.6, 198.51.100.9, 10.0.0.2', '198.51.100.9'],
    ['is the first there is, when the chain is shorter than trusted', 3, '10.0.0.1', '198.51.100.9', '198.51.100.9'],
    [
      'is the first from the right that is in no trusted network',
      ['10.0.0.0/8'],
      '10.0.0.1',
      '6.6.6.6, 198.51.100.9, 10.9.9.9',
      '198.51.100.9',
    ],
    [
      'is the connection’s, when it comes from no trusted network',
      ['10.0.0.0/8'],
      '203.0.113.1',
      '198.51.100.9',
      '203.0.113.1',
    ],
    [
      'may come through a trusted IPv6 proxy',
      ['::1', 'uniquelocal'],
      '::1',
      '2001:db8:0:1::7, fd00::3',
      '2001:db8:0:1::7',
    ],
    ['is nothing, when the trusted proxy wrote no address', 1, '10.0.0.1', 'unknown', undefined],
    ['is nothing, when the trusted proxy wrote rubbish', 1, '10.0.0.1', '1.2.3.4.5; drop', undefined],
  ])('%s', (_, trustProxy, remote, forwarded, expected) => {
    const headers: Headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }

    expect(received(headers, remote, trustProxy).clientIpAddress).toBe(expected)
  })

  it.each<[string, string | undefined]>([
    ['203.0.113.1', '203.0.113.1'],
    ['::ffff:203.0.113.1', '203.0.113.1'],
    ['::FFFF:CB00:7101', '203.0.113.1'],
    ['2606:4700:85A3::8A2E:370:7334', '2606:4700:85a3::8a2e:370:7334'],
    ['2606:4700::1%eth0', '2606:4700::1'],
    ['203.0.113.1:54321', '203.0.113.1'],
    ['[2606:4700::1]:443', '2606:4700::1'],
    ['[2606:4700::1]', '2606:4700::1'],
    ['127.0.0.1', undefined],
    ['10.1.2.3', undefined],
    ['172.16.0.1', undefined],
    ['172.32.0.1', '172.32.0.1'],
    ['192.168.1.1', undefined],
    ['169.254.1.1', undefined],
    ['100.64.0.1', undefined],
    ['100.128.0.1', '100.128.0.1'],
    ['0.0.0.0', undefined],
    ['255.255.255.255', undefined],
    ['::ffff:10.0.0.1', undefined],
    ['::1', undefined],
    ['::', undefined],
    ['fe80::1%en0', undefined],
    ['fd12:3456::1', undefined],
    ['256.1.1.1', undefined],
    ['1.2.3', undefined],
    ['', undefined],
  ])('%s is sent as %s', (written, expected) => {
    expect(received({ 'x-forwarded-for': written }, '10.0.0.1', 1).clientIpAddress).toBe(expected)
  })

  it('cannot be chosen by a client behind a trusted proxy, whatever it writes', () => {
    fc.assert(
      fc.property(fc.string(), (forged) => {
        const chain = `${forged}, 198.51.100.9`

        expect(received({ 'x-forwarded-for': chain }, '10.0.0.1', 1).clientIpAddress).toBe('198.51.100.9')
        expect(received({ 'x-forwarded-for': chain }, '10.0.0.1', ['10.0.0.0/8']).clientIpAddress).toBe('198.51.100.9')
      }),
    )
  })
})

describe('the network that counts for limits', () => {
  const network = (address: string) => createReceiver(0, () => 0).network(request({}, address))

  it('is one address for IPv4 and one /64 for IPv6', () => {
    expect(network('203.0.113.1')).toBe('203.0.113.1')
    expect(network('::ffff:203.0.113.1')).toBe('203.0.113.1')
    expect(network('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::')
    expect(network('2001:0db8:1:2::9')).toBe('2001:db8:1:2::')
    expect(network('2001:db8::1')).toBe('2001:db8:0:0::')
    expect(network('::1')).toBe('0:0:0:0::')
  })

  it('is there for private addresses, too', () => {
    expect(network('10.0.0.7')).toBe('10.0.0.7')
  })
})

describe('the cookies', () => {
  it.each<[string, string | undefined, string | undefined]>([
    ['_fbp=fb.1.1.2; _fbc=fb.1.1.x', 'fb.1.1.2', 'fb.1.1.x'],
    ['a=b;_fbc=fb.1.1.x', undefined, 'fb.1.1.x'],
    ['my_fbp=1; _fbp=2', '2', undefined],
    ['x=_fbp=1; _fbp=2', '2', undefined],
    ['_fbp=1; _fbp=2', '1', undefined],
    ['_fbp=fb.1.1.2%2Ex', 'fb.1.1.2%2Ex', undefined],
    ['_fbp=', '', undefined],
    ['_fbp', undefined, undefined],
    ['_fbpx=1', undefined, undefined],
    ['', undefined, undefined],
  ])('of %j are read as they were sent', (cookie, fbp, fbc) => {
    const facts = received({ cookie })

    expect([facts.fbp, facts.fbc]).toEqual([fbp, fbc])
  })
})

describe('prefetching', () => {
  it.each<[Headers, boolean]>([
    [{}, false],
    [{ 'sec-purpose': 'prefetch' }, true],
    [{ 'sec-purpose': 'prefetch;prerender' }, true],
    [{ purpose: 'prefetch' }, true],
    [{ 'x-purpose': 'preview' }, true],
    [{ 'x-moz': 'prefetch' }, true],
    [{ purpose: 'purchase' }, false],
  ])('%j says %s', (headers, expected) => {
    expect(received(headers).prefetch).toBe(expected)
  })
})

describe('the page’s origin', () => {
  const origin = (headers: Headers) => createReceiver(0, () => 0).origin(request(headers))

  it.each<[Headers, string | undefined]>([
    [{ origin: 'https://shop.example' }, 'https://shop.example'],
    [{ origin: 'https://shop.example', referer: 'https://x.example/' }, 'https://shop.example'],
    [{ referer: 'https://shop.example:8443/a?b#c' }, 'https://shop.example:8443'],
    [{ referer: 'android-app://com.example' }, 'null'],
    [{ referer: 'https://' }, 'null'],
    [{ origin: 'null', referer: 'https://shop.example/' }, 'null'],
    [{ origin: 'null', 'sec-fetch-site': 'cross-site' }, 'null'],
    [{ origin: 'null', 'sec-fetch-site': 'same-site' }, 'same-site'],
    [{ 'sec-fetch-site': 'same-origin' }, 'same-site'],
    [{ origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' }, 'https://evil.example'],
    [{}, undefined],
  ])('of %j is %s', (headers, expected) => {
    expect(origin(headers)).toBe(expected)
  })
})

describe('host and scheme', () => {
  it('are what the trusted proxy says', () => {
    const headers = { host: 'inside:8080', 'x-forwarded-host': 'collect.shop.example', 'x-forwarded-proto': 'https' }
    const trusting = createReceiver(['10.0.0.0/8'], () => 0)

    expect(trusting.host(request(headers, '10.0.0.1'))).toBe('collect.shop.example')
    expect(trusting.isSecure(request(headers, '10.0.0.1'))).toBe(true)
    expect(trusting.host(request(headers, '203.0.113.1'))).toBe('inside:8080')
    expect(trusting.isSecure(request(headers, '203.0.113.1'))).toBe(false)
  })

  it('are the connection’s otherwise', () => {
    const receiver = createReceiver(0, () => 0)

    expect(receiver.isSecure(request({}, '203.0.113.1', true))).toBe(true)
    expect(receiver.isSecure(request({ 'x-forwarded-proto': 'https' }))).toBe(false)
    expect(receiver.host(request({}))).toBe('')
  })
})
