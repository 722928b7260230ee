import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { notes } from '../lib/notes.mjs'
import { readReport } from '../lib/results.mjs'

let printed

beforeEach(() => {
  printed = []
  vi.spyOn(console, 'log').mockImplementation((line) => printed.push(line))
})
afterEach(() => vi.restoreAllMocks())

it.each([
  ['at least', { atLeast: 2 }, 2, { aim: '≥ 2', reached: true }],
  ['at least', { atLeast: 2 }, 1.9, { aim: '≥ 2', reached: false }],
  ['at most', { atMost: 2 }, 2, { aim: '≤ 2', reached: true }],
  ['at most', { atMost: 2 }, 2.1, { aim: '≤ 2', reached: false }],
  ['none', undefined, 7, {}],
  ['none', false, 7, {}],
])('reports a number with the aim “%s” as the runner reads it', (_, aim, value, expected) => {
  const { note, report } = notes('scale')

  note('ready after', value, 'ms', aim)
  report()

  expect(readReport(printed.join('\n'))).toEqual({
    kind: 'report',
    name: 'scale',
    rows: [{ what: 'ready after', value, unit: 'ms', ...expected }],
  })
})

it('prints a line for people, with a word on the aim', () => {
  const { note, print } = notes('scale')

  note('ready after', 1_234.567, 'ms', { atMost: 1_000 })
  print()

  expect(printed[0]).toMatch(/^ready after +1,234\.57 ms {2}MISSED \(≤ 1000\)$/)
})
