import { describe, expect, it } from 'vitest'
import { createTurnedAwayLog } from '../../src/http/turned-away-log.js'
import { silentLog } from '../../src/logger.js'

function noting() {
  const clock = { nowMs: 1_000_000 }
  const warnings: object[] = []
  const note = createTurnedAwayLog({ ...silentLog, warn: (fields) => void warnings.push(fields) }, () => clock.nowMs)
  return { clock, warnings, note }
}

describe('createTurnedAwayLog()', () => {
  it('says at once that pages of an origin are turned away, and which', () => {
    const { warnings, note } = noting()

    note('origin', 'https://www.shop.example')

    expect(warnings).toEqual([
      { event: 'http.turned_away', reason: 'origin', count: 1, origin: 'https://www.shop.example' },
    ])
  })

  it('says it once a minute for each reason, with how many there were', () => {
    const { clock, warnings, note } = noting()

    for (let count = 0; count < 100; count++) note('rate')
    note('api_key')
    clock.nowMs += 60_000
    note('rate')

    expect(warnings).toMatchObject([
      { reason: 'rate', count: 1 },
      { reason: 'api_key', count: 1 },
      { reason: 'rate', count: 100 },
    ])
  })

  it.each(['null', 'jane@example.com', 'https://jane@shop.example', 'https://shop.example/jane', 'same-site', ''])(
    'does not repeat what is no origin: %j',
    (origin) => {
      const { warnings, note } = noting()

      note('origin', origin)

      expect(warnings).toEqual([{ event: 'http.turned_away', reason: 'origin', count: 1 }])
    },
  )

  it('does not warn of what is the sender’s fault alone', () => {
    const { warnings, note } = noting()

    note('not_json')

    expect(warnings).toEqual([])
  })
})
