import { describe, expect, it } from 'vitest'
import { chance } from '../lib/chance.mjs'

const CARDS = ['kill', 'freeze', 'restart', 'power']

describe('chance()', () => {
  it('gives the same numbers for the same seed, and others for another', () => {
    const numbers = (seed) => Array.from({ length: 20 }, chance(seed).next)

    expect(numbers(7)).toEqual(numbers(7))
    expect(numbers(7)).not.toEqual(numbers(8))
    expect(numbers(7).every((number) => number >= 0 && number < 1)).toBe(true)
  })

  it('deals every card once before it shuffles again', () => {
    const draw = chance(1).deck(CARDS)
    const rounds = Array.from({ length: 5 }, () => CARDS.map(draw))

    for (const round of rounds) expect(round.toSorted()).toEqual(CARDS.toSorted())
    expect(new Set(rounds.map(String)).size).toBeGreaterThan(1)
  })
})
