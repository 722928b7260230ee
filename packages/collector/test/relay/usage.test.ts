import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readUsage, restMs } from '../../src/relay/usage.js'

const business = (...records: object[]) => ({ 'x-business-use-case-usage': JSON.stringify({ 1001: records }) })

describe('readUsage()', () => {
  it.each<[string, Record<string, string>, object | undefined]>([
    ['the app header', { 'x-app-usage': '{"call_count":28,"total_time":25,"total_cputime":31}' }, { share: 0.31 }],
    [
      'the fullest entry of the business header',
      business({ call_count: 10, total_cputime: 99, total_time: 5 }, { call_count: 12 }),
      { share: 0.99 },
    ],
    [
      'minutes until access returns',
      business({ call_count: 100, estimated_time_to_regain_access: 19 }),
      { share: 1, regainMs: 19 * 60_000 },
    ],
    ['the account header', { 'x-ad-account-usage': '{"acc_id_util_pct":80.5}' }, { share: 0.805 }],
    [
      "an account's reset time only when the account is full",
      { 'x-ad-account-usage': '{"acc_id_util_pct":80,"reset_time_duration":300}' },
      { share: 0.8 },
    ],
    [
      'the reset time of a full account, in seconds',
      { 'x-ad-account-usage': '{"acc_id_util_pct":100,"reset_time_duration":300}' },
      { share: 1, regainMs: 300_000 },
    ],
    ['nothing', {}, undefined],
    ['nonsense', { 'x-app-usage': '{"call' }, undefined],
    ['another shape', { 'x-app-usage': '[1,"a",null]' }, undefined],
    ['negative numbers as none', { 'x-app-usage': '{"call_count":-5}' }, { share: 0 }],
  ])('reads %s', (_, headers, expected) => {
    expect(readUsage(headers)).toEqual(expected)
  })

  it('never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(() => readUsage({ 'x-app-usage': text, 'x-business-use-case-usage': text })).not.toThrow()
      }),
    )
  })
})

describe('restMs()', () => {
  it('lets a lane run while there is room', () => {
    expect(restMs(undefined)).toBe(0)
    expect(restMs({ share: 0.749 })).toBe(0)
  })

  it('spreads requests out from three quarters on', () => {
    expect(restMs({ share: 0.75 })).toBe(1_000)
    expect(restMs({ share: 0.85 })).toBe(5_500)
  })

  it('stops before Meta refuses, for as long as Meta says or a minute', () => {
    expect(restMs({ share: 0.95 })).toBe(60_000)
    expect(restMs({ share: 1.2, regainMs: 600_000 })).toBe(600_000)
  })
})
