import { describe, expect, it } from 'vitest'
import {
  englishOf,
  formatBytes,
  formatDuration,
  formatMoney,
  formatMoneys,
  formatShare,
} from '../../inspector-page/format.js'

describe('formatShare()', () => {
  it.each([
    [0, 10, '0%'],
    [1, 1_000, '<1%'],
    [999, 1_000, '>99%'],
    [10, 10, '100%'],
    [1, 3, '33%'],
    [0, 0, '–'],
  ])('writes %i of %i as %s', (part, all, text) => {
    expect(formatShare(part, all)).toBe(text)
  })
})

it.each([
  [-5, '0 ms'],
  [850, '850 ms'],
  [9_440, '9.4 s'],
  [59_000, '59 s'],
  [90_000, '1 min 30 s'],
  [3_600_000, '1 h'],
  [7_500_000, '2 h 5 min'],
  [90_000_000, '1 d 1 h'],
  [3_599_900, '59 min 59 s'],
])('writes %i ms as %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text)
})

it.each([
  [0, '0 B'],
  [900, '900 B'],
  [1_536, '1.5 KB'],
  [2 ** 31, '2.0 GB'],
])('writes %i bytes as %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text)
})

it('adds no sums of different currencies', () => {
  expect(
    formatMoneys([
      ['EUR', 12.5],
      ['USD', 1_234.4],
    ]),
  ).toMatch(/^€12\.50 \+ (US)?\$1,234$/)
  expect(formatMoneys([])).toBe('–')
})

it('writes amounts in a currency that nobody knows', () => {
  expect(formatMoney(5, 'not a currency')).toBe('5 not a currency')
})

it.each([
  [['de-DE', 'en-US', 'en'], 'en-US'],
  [['en'], 'en'],
  [['en-US@posix'], 'en-GB'],
  [['fr'], 'en-GB'],
  [undefined, 'en-GB'],
])('writes for a reader of %j as in %s', (languages, english) => {
  expect(englishOf(languages)).toBe(english)
})
