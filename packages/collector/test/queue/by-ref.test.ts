import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { byRef } from '../../src/queue/by-ref.js'

const refs = (count: number) => Array.from({ length: count }, (_, index) => ({ ref: `1.${index}` }))

describe('byRef()', () => {
  it('finds each one, whatever is said of its place', () => {
    fc.assert(
      fc.property(fc.nat(20), fc.array(fc.integer({ min: -1, max: 25 }), { minLength: 21 }), (count, positions) => {
        const list = refs(count)
        const find = byRef(list)

        list.forEach((one, index) => expect(find(one.ref, positions[index]!)).toBe(one))
      }),
    )
  })

  it('finds nothing that is not there', () => {
    const find = byRef(refs(2))

    expect(find('1.2', 0)).toBeUndefined()
    expect(find('1.2', 2)).toBeUndefined()
  })
})
