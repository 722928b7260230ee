import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backoffMs } from '../../src/relay/backoff.js'

const BACKOFF = { baseMs: 1_000, capMs: 300_000 }
const LATEST = () => 1 - Number.EPSILON

describe('backoffMs()', () => {
  it('doubles its bound from a second to five minutes', () => {
    const bounds = [1, 2, 3, 4, 9, 10, 1_000].map((failures) => backoffMs(failures, BACKOFF, LATEST))

    expect(bounds).toEqual([999, 1_999, 3_999, 7_999, 255_999, 299_999, 299_999])
  })

  it('uses all of what is below the bound', () => {
    expect(backoffMs(5, BACKOFF, () => 0)).toBe(0)
    expect(backoffMs(5, BACKOFF, () => 0.5)).toBe(8_000)
  })

  it('never leaves its bounds, however many failures and whatever the dice say', () => {
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e9 }), random, (failures, dice) => {
        const ms = backoffMs(failures, BACKOFF, () => dice)

        expect(Number.isInteger(ms)).toBe(true)
        expect(ms).toBeGreaterThanOrEqual(0)
        expect(ms).toBeLessThan(Math.min(BACKOFF.capMs, BACKOFF.baseMs * 2 ** Math.max(0, failures - 1)))
      }),
    )
  })
})
