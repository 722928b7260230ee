import { describe, expect, it } from 'vitest'
import { createBreaker } from '../../src/relay/breaker.js'

const open = () => {
  const breaker = createBreaker(3, { baseMs: 1_000, capMs: 30_000 }, () => 0.5)
  breaker.failed()
  breaker.failed()
  return { breaker, firstMs: breaker.failed() }
}

describe('the breaker', () => {
  it('opens after three failures to connect in a row, and says for how long', () => {
    const { breaker, firstMs } = open()

    expect(breaker.state).toBe('open')
    expect(firstMs).toBe(750)
  })

  it('does not open while some get through', () => {
    const breaker = createBreaker(3, { baseMs: 1_000, capMs: 30_000 }, () => 0)
    for (let round = 0; round < 10; round++) {
      breaker.failed()
      breaker.failed()
      breaker.reached()
    }

    expect(breaker.state).toBe('closed')
  })

  it('lets one go to see, and the others wait for what it finds', () => {
    const { breaker } = open()
    breaker.halfOpen()
    breaker.enter()

    expect(breaker.state).toBe('trying')
    expect(breaker.reached()).toBe(true)
    expect(breaker.state).toBe('closed')
  })

  it('waits longer each time, up to the cap', () => {
    const { breaker } = open()
    const waits = Array.from({ length: 8 }, () => {
      breaker.halfOpen()
      breaker.enter()
      return breaker.failed()
    })

    expect(waits).toEqual([1_500, 3_000, 6_000, 12_000, 22_500, 22_500, 22_500, 22_500])
  })

  it('learns nothing from requests that had left before it opened', () => {
    const { breaker } = open()

    expect(breaker.failed()).toBeUndefined()
    expect(breaker.state).toBe('open')
  })

  it('lets another go when the one that went had nothing to send', () => {
    const { breaker } = open()
    breaker.halfOpen()
    breaker.enter()
    breaker.withdrew()

    expect(breaker.state).toBe('half_open')
  })
})
