import { describe, expect, it } from 'vitest'
import type { LeasedEvent } from '../../src/queue/queue.js'
import { expire } from '../../src/relay/expire.js'

const HOUR = 60 * 60 * 1_000
const NOW = Date.UTC(2026, 10, 24)

const leased = (ref: string, more: Partial<LeasedEvent> = {}): LeasedEvent => ({
  ref,
  eventName: 'Lead',
  eventTimeMs: NOW - HOUR,
  deadlineMs: NOW + HOUR,
  receivedAtMs: NOW - HOUR,
  json: '{}',
  ...more,
})

const sort = (...events: LeasedEvent[]) => expire(events, { meta: NOW, own: NOW }, 47 * HOUR)

describe('expire()', () => {
  it('lets through what is in time', () => {
    const events = [leased('a'), leased('b', { ambiguousSinceMs: NOW - 47 * HOUR + 1 })]

    expect(sort(...events)).toEqual({ fresh: events, expired: [] })
  })

  it('takes out one too old event, which would fail the others', () => {
    const { fresh, expired } = sort(leased('a'), leased('b', { deadlineMs: NOW }), leased('c'))

    expect(fresh.map(({ ref }) => ref)).toEqual(['a', 'c'])
    expect(expired).toMatchObject([{ ref: 'b', kind: 'expired', reason: { cause: 'too_old' } }])
  })

  it('does not repeat what may have arrived 47 hours ago', () => {
    const { fresh, expired } = sort(leased('a', { ambiguousSinceMs: NOW - 47 * HOUR }))

    expect(fresh).toEqual([])
    expect(expired).toMatchObject([{ ref: 'a', kind: 'expired', reason: { cause: 'ambiguous_too_long' } }])
  })

  it("measures age by Meta's clock, and uncertainty by the clock that noted it", () => {
    const events = [leased('a', { deadlineMs: NOW }), leased('b', { ambiguousSinceMs: NOW - 47 * HOUR })]

    const ahead = expire(events, { meta: NOW - 1, own: NOW }, 47 * HOUR)
    const behind = expire(events, { meta: NOW, own: NOW - 1 }, 47 * HOUR)

    expect(ahead.expired).toMatchObject([{ ref: 'b' }])
    expect(behind.expired).toMatchObject([{ ref: 'a' }])
  })
})
