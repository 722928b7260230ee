import fc from 'fast-check'
import { expect, it } from 'vitest'
import { BoundedMap } from '../../src/copies/bounded-map.js'

it('holds the latest keys, in the order in which they came, and no more than its capacity', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.array(fc.constantFrom(...'abcdefgh')), (capacity, keys) => {
      const map = new BoundedMap<string>(capacity)
      // A plain list, as slow as it is plain.
      let expected: string[] = []

      for (const key of keys) {
        map.set(key, key)
        if (!expected.includes(key)) expected = [...expected, key].slice(-capacity)
      }

      expect(map.values()).toEqual(expected)
      expect(map.size).toBe(expected.length)
      expect(expected.every((key) => map.get(key) === key)).toBe(true)
    }),
  )
})

it('is as good as new when cleared', () => {
  const map = new BoundedMap<number>(2)
  for (const [index, key] of [...'abc'].entries()) map.set(key, index)

  map.clear()
  map.set('d', 4)

  expect([map.values(), map.size, map.get('c')]).toEqual([[4], 1, undefined])
})
