import fc from 'fast-check'
import { expect, it } from 'vitest'
import { seededRandom } from '../../src/behaviour/random.js'

it('gives numbers from 0 to below 1, the same row for the same seed', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const [one, other] = [seededRandom(seed), seededRandom(seed)]

      const row = Array.from({ length: 50 }, one)

      expect(row).toEqual(Array.from({ length: 50 }, other))
      expect(row.every((number) => number >= 0 && number < 1)).toBe(true)
    }),
  )
})

it('falls below a share about as often as the share says', () => {
  const random = seededRandom(1)

  const below = Array.from({ length: 10_000 }, random).filter((number) => number < 0.2).length

  expect(below).toBeGreaterThan(1_800)
  expect(below).toBeLessThan(2_200)
})
