import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createOrigins, isSameSite } from '../../src/http/origins.js'
import { createPixels } from '../../src/pixels.js'
import { pixel } from './serve.js'

const HOST = 'collect.shop.example'

const allows = (origin: string, allowedOrigins: string[], host = HOST) =>
  createOrigins(createPixels([pixel('1', ...allowedOrigins)])).pixelsFor(origin, host) === 'all'

describe('a pixel without a list', () => {
  it.each<[string, string, boolean, string]>([
    ['https://shop.example', HOST, true, 'the registrable domain'],
    ['https://www.shop.example', HOST, true, 'a sibling'],
    ['https://collect.shop.example', HOST, true, 'itself'],
    ['http://shop.example:3000', `${HOST}:8080`, true, 'another port and scheme of the same site'],
    ['https://notshop.example', HOST, false, 'a domain that ends alike'],
    ['https://shop.example.evil.example', HOST, false, 'a domain that begins alike'],
    ['https://a.co.uk', 'b.co.uk', false, 'two sites below one public suffix'],
    ['https://a.github.io', 'b.github.io', false, 'two sites below one private suffix'],
    ['http://localhost:3000', 'localhost:8080', true, 'the same single name'],
    ['http://127.0.0.1:3000', '127.0.0.1:8080', true, 'the same address'],
    ['http://127.0.0.2', '127.0.0.1', false, 'two addresses'],
    ['http://[::1]:3000', '[::1]:8080', true, 'the same IPv6 address'],
    ['https://shop.example', '', false, 'a request without a host'],
    ['null', HOST, false, 'an opaque origin'],
    ['null', 'null', false, 'an opaque origin, and a host of that name'],
    ['', HOST, false, 'nothing'],
    ['same-site', HOST, true, 'a page that the browser says to be of this site'],
  ])('of page %s on host %s: %s (%s)', (origin, host, expected) => {
    expect(allows(origin, [], host)).toBe(expected)
  })
})

describe('a pixel with a list', () => {
  const LIST = ['https://shop.example', 'https://*.brand.example', 'http://localhost:3000']

  it.each<[string, boolean]>([
    ['https://shop.example', true],
    ['http://shop.example', false],
    ['https://shop.example:8443', false],
    ['https://SHOP.example', false],
    ['https://shop.example/', false],
    ['https://shop.example.', false],
    ['https://www.shop.example', false],
    ['https://a.brand.example', true],
    ['https://a.b.brand.example', true],
    ['https://brand.example', false],
    ['https://evilbrand.example', false],
    ['http://a.brand.example', false],
    ['https://a.brand.example:1', false],
    ['https://user@a.brand.example', false],
    ['https://evil.example#.brand.example', false],
    ['https://evil.example/.brand.example', false],
    ['http://localhost:3000', true],
    ['http://localhost', false],
    ['https://collect.shop.example', false],
    ['null', false],
    ['javascript://shop.example', false],
    ['https://shop.example collect.shop.example', false],
  ])('of page %s: %s', (origin, expected) => {
    expect(allows(origin, LIST)).toBe(expected)
  })

  it('takes a page that hides its origin only if the list names the collector’s own site', () => {
    expect(allows('same-site', ['https://www.shop.example'])).toBe(true)
    expect(allows('same-site', ['https://*.shop.example'])).toBe(true)
    expect(allows('same-site', ['https://other.example'])).toBe(false)
  })
})

describe('several pixels', () => {
  it('have each their own list', () => {
    const origins = createOrigins(
      createPixels([pixel('1', 'https://a.example'), pixel('2', 'https://a.example', 'https://b.example')]),
    )

    expect(origins.pixelsFor('https://a.example', HOST)).toBe('all')
    expect(origins.pixelsFor('https://b.example', HOST)).toEqual(new Set(['2']))
    expect(origins.pixelsFor('https://c.example', HOST)).toBe('none')
  })

  it('are asked again after a reload', () => {
    let list = [pixel('1', 'https://a.example')]
    const pixels = createPixels(list, () => list)
    const origins = createOrigins(pixels)
    origins.pixelsFor('https://b.example', HOST)

    list = [pixel('1', 'https://b.example')]
    pixels.reload()
    origins.forget()

    expect(origins.pixelsFor('https://b.example', HOST)).toBe('all')
  })
})

it('never lets in an origin that a browser would not write like that', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.webUrl()), (text) => {
      fc.pre(text !== 'https://shop.example')

      expect(allows(text, ['https://shop.example'])).toBe(false)
    }),
  )
})

it('takes no two empty hosts for one site', () => {
  expect(isSameSite('', '')).toBe(false)
})
