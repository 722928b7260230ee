import { describe, expect, it } from 'vitest'
import { createRateLimit } from '../../src/http/rate-limit.js'

function limitAt(perSecond: number) {
  const clock = { nowMs: 1_000_000 }
  const limit = createRateLimit(perSecond, () => clock.nowMs)
  return { clock, limit, takes: (key: string, count: number) => Array.from({ length: count }, () => limit.take(key)) }
}

describe('createRateLimit()', () => {
  it('lets five seconds’ worth through at once, then says when to come again', () => {
    const { takes } = limitAt(2)

    expect(takes('a', 10)).toEqual(Array(10).fill(0))
    expect(takes('a', 1)).toEqual([1])
  })

  it('lets the set number a second through for ever', () => {
    const { clock, takes } = limitAt(2)
    takes('a', 10)

    for (let second = 0; second < 60; second++) {
      clock.nowMs += 1000
      expect(takes('a', 3)).toEqual([0, 0, 1])
    }
  })

  it('keeps addresses apart', () => {
    const { takes } = limitAt(1)
    takes('a', 6)

    expect(takes('b', 1)).toEqual([0])
  })

  it('lets a burst through again after a pause', () => {
    const { clock, takes } = limitAt(1)
    takes('a', 6)

    clock.nowMs += 5000

    expect(takes('a', 6)).toEqual([0, 0, 0, 0, 0, 1])
  })

  it('does not make the refused wait longer for asking', () => {
    const { clock, takes } = limitAt(1)
    takes('a', 1000)

    clock.nowMs += 1000

    expect(takes('a', 1)).toEqual([0])
  })

  it('gives a turn back', () => {
    const { limit, takes } = limitAt(1)
    takes('a', 5)

    limit.giveBack('a')

    expect(takes('a', 2)).toEqual([0, 1])
  })

  it('survives a clock that is set back', () => {
    const { clock, takes } = limitAt(1)
    takes('a', 5)

    clock.nowMs -= 3_600_000
    takes('a', 1)
    clock.nowMs += 20_000

    expect(takes('b', 1)).toEqual([0])
  })

  it('is without limit at 0', () => {
    const { takes } = limitAt(0)

    expect(takes('a', 10_000).every((wait) => wait === 0)).toBe(true)
  })
})
