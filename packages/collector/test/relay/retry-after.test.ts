import { describe, expect, it } from 'vitest'
import { retryAfterMs } from '../../src/relay/retry-after.js'

const NOW = Date.UTC(2026, 10, 24, 12)

describe('retryAfterMs()', () => {
  it.each<[string | undefined, number | undefined]>([
    ['7', 7_000],
    [' 120 ', 120_000],
    ['1.5', 1_500],
    ['0', 0],
    ['Tue, 24 Nov 2026 12:00:30 GMT', 30_000],
    ['Tue, 24 Nov 2026 11:00:00 GMT', 0],
    ['soon', undefined],
    ['-5', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('reads %j as %j ms', (header, expected) => {
    expect(retryAfterMs(header, NOW)).toBe(expected)
  })
})
