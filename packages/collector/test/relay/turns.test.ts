import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createTurns } from '../../src/relay/turns.js'

const anyone = () => true

describe('turns', () => {
  it('gives everyone a turn before anyone has two, however often some come', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(50), { minLength: 1 }), fc.array(fc.nat(50)), (lanes, noise) => {
        const turns = createTurns<number>()
        lanes.forEach((lane) => turns.add(lane))
        // Busy ones come again and again.
        noise.filter((lane) => lanes.includes(lane)).forEach((lane) => turns.add(lane))

        const taken = lanes.map(() => {
          const lane = turns.take(anyone)
          if (lane !== undefined) turns.add(lane)
          return lane
        })

        expect(taken).toEqual(lanes)
      }),
    )
  })

  it('passes over those who may not, and keeps their places', () => {
    const turns = createTurns<string>()
    for (const one of ['a', 'b', 'c']) turns.add(one)

    expect(turns.take((one) => one !== 'a')).toBe('b')
    expect(turns.take(anyone)).toBe('a')
    turns.remove('c')
    expect(turns.take(anyone)).toBeUndefined()
    expect(turns.size).toBe(0)
  })
})
