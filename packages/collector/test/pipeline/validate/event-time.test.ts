import { describe, expect, it } from 'vitest'
import { Findings } from '../../../src/pipeline/findings.js'
import type { Received } from '../../../src/pipeline/received.js'
import { readEventTime } from '../../../src/pipeline/validate/event-time.js'
import { fromBrowser, fromServer, NOW, NOW_MS } from '../fixtures.js'

const HOUR = 3600
const DAY = 24 * HOUR

function read(value: unknown, received: Received = fromServer(), sentAt?: unknown) {
  const findings = new Findings()
  const seconds = readEventTime(value, sentAt, received, findings)
  return { seconds, repairs: findings.repairs.map(({ code }) => code), issues: findings.issues.map(({ code }) => code) }
}

describe('the time of an event', () => {
  it.each([
    ['seconds stay', NOW - 60, NOW - 60, []],
    ['milliseconds become seconds', NOW_MS - 60_000, NOW - 60, ['event_time_in_milliseconds']],
    ['fractions of a second are cut', NOW - 60 + 0.9, NOW - 60, []],
    ['a text of digits is a number', String(NOW - 60), NOW - 60, ['event_time_text']],
    ['a text of milliseconds too', String(NOW_MS - 60_000), NOW - 60, ['event_time_text']],
    ['a time with zone is a time', '2026-11-24T11:59:00Z', NOW - 60, ['event_time_text']],
    ['in any zone', '2026-11-24T12:59:00+01:00', NOW - 60, ['event_time_text']],
    ['a missing one is now', undefined, NOW, ['event_time_missing']],
    ['null is missing', null, NOW, ['event_time_missing']],
    ['the future is now', NOW + DAY, NOW, ['event_time_in_future']],
    ['a server may tell of long ago', NOW - 6 * DAY, NOW - 6 * DAY, []],
  ])('%s', (_rule, given, seconds, repairs) => {
    expect(read(given)).toEqual({ seconds, repairs, issues: [] })
  })

  it.each([0, -1, NaN, Infinity, 1e300, '', 'yesterday', '2026-11-24', '2026-11-24T11:59:00', true, {}, []])(
    'a server that says %j is refused',
    (given) => {
      expect(read(given).issues).toEqual(['event_time_invalid'])
    },
  )
})

describe('the time of an event from a browser', () => {
  it('is believed for two days, as long as Meta finds the twin', () => {
    expect(read(NOW - 47 * HOUR, fromBrowser())).toEqual({ seconds: NOW - 47 * HOUR, repairs: [], issues: [] })
  })

  it.each([NOW - 49 * HOUR, NOW - 3 * DAY, 1, 'yesterday', {}])('is now when it says %j', (given) => {
    expect(read(given, fromBrowser())).toEqual({ seconds: NOW, repairs: ['event_time_overridden'], issues: [] })
  })

  it.each([
    ['a day behind', -DAY],
    ['a day ahead', DAY],
    ['five years behind', -5 * 365 * DAY],
    ['an hour ahead, by the wrong time zone', HOUR],
  ])('is corrected when its clock is %s', (_what, errorS) => {
    const sentAt = NOW_MS + errorS * 1000 - 200

    expect(read(NOW + errorS - 90, fromBrowser(), sentAt)).toEqual({
      seconds: NOW - 90,
      repairs: ['event_time_clock_corrected'],
      issues: [],
    })
  })

  it('is not touched for the time that the request took', () => {
    expect(read(NOW - 10, fromBrowser(), NOW_MS - 8_000)).toEqual({ seconds: NOW - 10, repairs: [], issues: [] })
  })

  it.each(['now', NaN, -5, 0, {}, null])('is taken as it is when the clock says %j', (sentAt) => {
    expect(read(NOW - 10, fromBrowser(), sentAt).seconds).toBe(NOW - 10)
  })

  it('cannot be moved into the past by a forged clock', () => {
    const { seconds } = read(NOW - 30 * DAY, fromBrowser(), NOW_MS)

    expect(seconds).toBe(NOW)
  })

  it('of a server is not corrected by a clock that it tells', () => {
    expect(read(NOW - DAY, fromServer(), NOW_MS - DAY * 1000).seconds).toBe(NOW - DAY)
  })
})
