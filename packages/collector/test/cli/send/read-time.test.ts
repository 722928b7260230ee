import { expect, it } from 'vitest'
import { readTime } from '../../../src/cli/send/read-time.js'

it.each([
  ['1767225600', 1_767_225_600],
  ['1767225600123', 1_767_225_600],
  ['2026-01-01T00:00:00Z', 1_767_225_600],
  ['2026-01-01 01:00:00+01:00', 1_767_225_600],
])('reads %s', (text, seconds) => {
  expect(readTime(text)).toBe(seconds)
})

it('takes a day at its noon, so that no time zone moves it to another day', () => {
  const day = new Date((readTime('2026-03-05') ?? 0) * 1_000)

  expect([day.getFullYear(), day.getMonth(), day.getDate(), day.getHours()]).toEqual([2026, 2, 5, 12])
})

it.each(['yesterday', '5/3/2026', '05.03.2026', '', '12', '2026-13-45'])('does not guess what %j means', (text) => {
  expect(readTime(text)).toBeUndefined()
})
