import { describe, expect, it } from 'vitest'
import type { Breaker, BreakerState } from '../../src/relay/breaker.js'
import { createDispatch } from '../../src/relay/dispatch.js'
import type { Lane } from '../../src/relay/lane.js'
import { createLane } from '../../src/relay/lane.js'
import { RELAY_LIMITS } from '../../src/relay/limits.js'

interface Begun {
  name: string
  express: boolean
  free: () => void
}

function open() {
  const breaker = { state: 'closed' as BreakerState, enter: () => undefined }
  const begun: Begun[] = []
  const dispatch = createDispatch({
    limits: RELAY_LIMITS,
    breaker: breaker as Breaker,
    isStopping: () => false,
    begin: (lane, slot) => begun.push({ name: lane.name, express: slot.express, free: () => slot.free() }),
  })
  const names = () => begun.map(({ name }) => name)
  return { breaker, begun, dispatch, names }
}

function lane(name: string, failures = 0): Lane {
  const made = createLane({ pixelId: name }, RELAY_LIMITS, Math.random)
  made.pace = { ...made.pace, failures }
  return made
}

const lanes = (count: number, failures = 0) =>
  Array.from({ length: count }, (_, index) => lane(String(index), failures))

describe('the dispatch', () => {
  it('has at most sixteen requests under way, and begins the next when one is over', () => {
    const { begun, dispatch } = open()

    lanes(20).forEach((each) => dispatch.add(each))
    expect(begun).toHaveLength(16)
    begun[0]?.free()
    begun[0]?.free()

    expect(begun).toHaveLength(17)
  })

  it('keeps half of the sockets free of lanes in trouble, which may hang', () => {
    const { begun, dispatch, names } = open()

    lanes(20, 3).forEach((each) => dispatch.add(each))
    expect(begun).toHaveLength(8)
    dispatch.add(lane('well'))

    expect(names().at(-1)).toBe('well')
  })

  it('keeps some sockets for small batches, and gives them to no lane in trouble', () => {
    const { begun, dispatch, names } = open()
    const express = () => begun.filter((each) => each.express).length

    lanes(12).forEach((each) => dispatch.add(each))
    expect(express()).toBe(0)
    dispatch.add(lane('ill', 1))
    expect(names()).not.toContain('ill')
    lanes(10).forEach((each, index) => dispatch.add({ ...each, name: `well ${index}` }))
    expect(begun).toHaveLength(16)
    expect(express()).toBe(4)
    begun.find((each) => each.express)?.free()
    expect(begun.at(-1)).toMatchObject({ name: 'well 4', express: true })
    begun[0]?.free()

    expect(begun.at(-1)).toMatchObject({ name: 'ill', express: false })
  })

  it('lets nobody go while nothing can be reached, and one when it may be again', () => {
    const { breaker, begun, dispatch } = open()
    breaker.state = 'open'
    breaker.enter = () => {
      if (breaker.state === 'half_open') breaker.state = 'trying'
      return undefined
    }

    lanes(5).forEach((each) => dispatch.add(each))
    expect(begun).toHaveLength(0)
    breaker.state = 'half_open'
    dispatch.pump()
    expect(begun).toHaveLength(1)
    breaker.state = 'closed'
    dispatch.pump()

    expect(begun).toHaveLength(5)
  })

  it('forgets who wants no turn any more', () => {
    const { breaker, dispatch, names } = open()
    const [one, other] = [lane('one'), lane('other')]
    breaker.state = 'open'
    dispatch.add(one)
    dispatch.add(other)

    dispatch.remove(one)
    breaker.state = 'closed'
    dispatch.pump()

    expect(names()).toEqual(['other'])
  })
})
