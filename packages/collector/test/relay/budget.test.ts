import { describe, expect, it } from 'vitest'
import { createBudget } from '../../src/relay/budget.js'

describe('the budget', () => {
  it('gives what a minute brings, at once if it is saved up, and then no faster than it fills', () => {
    let nowMs = 0
    const budget = createBudget(60, () => nowMs)

    const atOnce = Array.from({ length: 61 }, () => budget.take())
    nowMs += 2_500
    const later = Array.from({ length: 3 }, () => budget.take())

    expect(atOnce.filter(Boolean)).toHaveLength(60)
    expect(later).toEqual([true, true, false])
  })

  it('says how long until there are so many', () => {
    const nowMs = 0
    const budget = createBudget(60, () => nowMs)
    for (let taken = 0; taken < 60; taken++) budget.take()

    expect(budget.msUntil(16)).toBe(16_000)
    expect(budget.msUntil(1_000)).toBe(60_000)
  })
})
