import { describe, expect, it } from 'vitest'
import type { LeasedEvent } from '../../src/queue/queue.js'
import { createSuspects, PROOF_OF_FAILURE, proofOfRefusal } from '../../src/relay/suspects.js'

const leased = (ref: string) => ({ ref }) as LeasedEvent

function open() {
  const world = { nowMs: 0 }
  const suspects = createSuspects(
    { baseMs: 1_000, capMs: 300_000 },
    () => 0.999,
    () => world.nowMs,
  )
  return { suspects, world }
}

describe('suspects', () => {
  it('are parted from the others, and due one at a time after an ever longer wait', () => {
    const { suspects, world } = open()
    const events = ['a', 'b', 'c'].map(leased)
    suspects.strike('b', proofOfRefusal(9), false)
    const refs = () => {
      const { others, due } = suspects.part(events)
      return [others.map(({ ref }) => ref), due?.ref]
    }

    expect(refs()).toEqual([['a', 'c'], undefined])
    world.nowMs = 1_000
    expect(refs()).toEqual([['a', 'c'], 'b'])
    suspects.strike('b', proofOfRefusal(9), false)
    world.nowMs = 2_000
    expect(refs()).toEqual([['a', 'c'], undefined])
    suspects.forget('b')
    expect(refs()).toEqual([['a', 'b', 'c'], undefined])
  })

  it('are condemned by the third refusal, if anything was accepted since the first', () => {
    const { suspects } = open()
    const refuse = () => suspects.strike('a', proofOfRefusal(3), false)

    expect([refuse(), refuse(), refuse(), refuse()]).toEqual(Array(4).fill('spared'))
    expect(suspects.isConfirmed('a')).toBe(false)
    suspects.confirm()
    expect(refuse()).toBe('condemned')
  })

  it('are condemned by failures of Meta only if others were accepted about each of twenty', () => {
    const { suspects } = open()
    const fail = (sure: boolean) => suspects.strike('a', PROOF_OF_FAILURE, sure)

    for (let outage = 0; outage < 100; outage++) expect(fail(false)).toBe('spared')
    for (let time = 0; time < 18; time++) expect(fail(true)).toBe('spared')
    fail(false)
    suspects.confirm()
    expect(fail(true)).toBe('condemned')
  })

  it('are not remembered without end', () => {
    const { suspects } = open()

    for (let ref = 0; ref < 5_000; ref++) suspects.strike(String(ref), PROOF_OF_FAILURE, true)

    expect(suspects.size).toBe(1_000)
  })
})
