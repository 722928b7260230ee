import { expect, it } from 'vitest'
import { growth, median } from '../lib/trend.mjs'

const over = (length, of) => Array.from({ length }, (_, index) => of(index))

it.each([
  ['what stays', over(40, () => 100), 1],
  ['what only rises while it warms up', over(40, (index) => (index < 10 ? index * 10 : 100)), 1],
  ['what rises all the time', over(40, (index) => 100 + index), 135 / 115],
  ['a saw tooth', over(40, (index) => 100 + (index % 5)), 1],
  ['nothing at all', over(40, () => 0), 1],
  ['what was not there before', over(40, (index) => (index < 30 ? 0 : 1)), Infinity],
  ['too few to say', [1, 2, 3], 1],
])('growth() of %s', (_, values, expected) => {
  expect(growth(values)).toBeCloseTo(expected, 2)
})

it.each([
  [[3, 1, 2], 2],
  [[4, 1, 3, 2], 3],
  [[], NaN],
])('median() of %j is %d', (values, expected) => {
  expect(median(values)).toBe(expected)
})
