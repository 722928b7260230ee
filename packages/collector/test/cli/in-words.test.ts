import { expect, it } from 'vitest'
import { bytes, duration, plural } from '../../src/cli/in-words.js'

it.each([
  [0, '0 B'],
  [1_023, '1023 B'],
  [1_536, '1.5 kB'],
  [200 * 1_024 ** 2, '200 MB'],
  [2 * 1_024 ** 3, '2.0 GB'],
])('says %i bytes as %s', (value, words) => {
  expect(bytes(value)).toBe(words)
})

it.each([
  [0, '0.0 s'],
  [1_540, '1.5 s'],
  [200_000, '3 min 20 s'],
  [3_600_000, '1 h'],
  [187_500_000, '2 d 4 h'],
])('says %i ms as %s', (value, words) => {
  expect(duration(value)).toBe(words)
})

it.each([
  [1, '1 event'],
  [0, '0 events'],
  [1_234, '1,234 events'],
])('counts %i as %s', (value, words) => {
  expect(plural(value, 'event')).toBe(words)
})
