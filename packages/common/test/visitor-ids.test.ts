import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  formatBrowserId,
  formatClickId,
  isBrowserId,
  isClickId,
  isFbclid,
  parseBrowserId,
  parseClickId,
} from '@pixel-mirror/common'

describe('parseBrowserId()', () => {
  it('reads four parts and writes them again', () => {
    const id = parseBrowserId('fb.2.1763999000000.12345678901234567890')

    expect(id).toEqual({ subdomainIndex: 2, createdMs: 1763999000000, random: '12345678901234567890' })
    expect(formatBrowserId(id!)).toBe('fb.2.1763999000000.12345678901234567890')
  })

  it.each(['AQQCAQMC', 'AQYBAQMB', 'Bg', 'BA'])('reads the appendix .%s as a fifth part', (appendix) => {
    expect(parseBrowserId(`fb.1.1763999000000.1.${appendix}`)).toMatchObject({ random: '1' })
  })

  it.each([
    '',
    'fb.1.1763999000000',
    'fb.1.1763999000000.x',
    'fb.1.1763999000000.1.ZZZZZZZZ',
    'fb.1.1763999000000.1.AB',
    'fb.1.1763999000000.1.AQQCAQMC.AQQCAQMC',
    'fb.a.1763999000000.1',
    'fb.1.1763999000000.123456789012345678901',
    'fb.1.1763999000000.1\n',
    ' fb.1.1763999000000.1',
  ])('refuses %j', (value) => {
    expect(parseBrowserId(value)).toBeUndefined()
  })
})

describe('parseClickId()', () => {
  it.each([
    ['fb.1.1763999000000.IwAR_-1', 'IwAR_-1'],
    ['fb.1.1763999000000.IwAR.AQYCAQMB', 'IwAR'],
    ['fb.1.1763999000000.IwAR.Bg', 'IwAR'],
    ['fb.1.1763999000000.Iw.AR', 'Iw.AR'],
    ['fb.1.1763999000000.Iw.AR.AQYCAQMB', 'Iw.AR'],
    ['fb.1.1763999000000.AQYCAQMB', 'AQYCAQMB'],
    [`fb.1.1763999000000.${'x'.repeat(500)}`, 'x'.repeat(500)],
  ])('finds the click id in %s', (value, fbclid) => {
    expect(parseClickId(value)?.fbclid).toBe(fbclid)
  })

  it.each([
    '',
    'IwAR',
    'fb.1.1763999000000.',
    'fb.1.x.IwAR',
    'fb.1.1763999000000.Iw AR',
    'fb.1.1763999000000.Iw;AR',
    'fb.1.1763999000000.Iw\r\nAR',
    `fb.1.1763999000000.${'x'.repeat(501)}`,
  ])('refuses %j', (value) => {
    expect(parseClickId(value)).toBeUndefined()
  })

  it('keeps the case of a click id when it writes one', () => {
    expect(formatClickId({ subdomainIndex: 1, firstSeenMs: 7, fbclid: 'aBc' })).toBe('fb.1.7.aBc')
  })
})

describe('isBrowserId() and isClickId()', () => {
  it('agree with what can be read', () => {
    const parts = fc.constantFrom('fb', '.', '1', '1763999000000', 'IwAR', 'AQQCAQMC', 'Bg', '-', ' ', 'x'.repeat(490))

    fc.assert(
      fc.property(fc.array(parts, { maxLength: 12 }), (pieces) => {
        const value = `fb.1.1763999000000.${pieces.join('')}`

        expect(isBrowserId(value)).toBe(parseBrowserId(value) !== undefined)
        expect(isClickId(value)).toBe(parseClickId(value) !== undefined)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('isFbclid()', () => {
  it.each([
    ['IwAR2Fr1_-aem', true],
    ['a.b', true],
    ['', false],
    ['a b', false],
    ['a;b', false],
    ['a\r\nSet-Cookie: x', false],
    ['<script>', false],
    ['x'.repeat(501), false],
  ])('says of %j: %s', (text, expected) => {
    expect(isFbclid(text)).toBe(expected)
  })
})
