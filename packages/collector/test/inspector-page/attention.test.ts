import { describe, expect, it } from 'vitest'
import { attentions } from '../../inspector-page/attention.js'
import type { Health, Summary } from '../../src/inspector/api.js'

const NOW = 1_773_145_830_000

const health = (more: Partial<Health> = {}): Health => ({
  nowMs: NOW,
  startedAtMs: NOW - 1_000,
  queue: { waitingEvents: 2, bytes: 1_000, maxBytes: 1_000_000, oldestReceivedAtMs: NOW - 900, deadLetters: 0 },
  lanes: [],
  books: [],
  wrongPasswords: 0,
  history: { samplesLeftOut: 0 },
  ...more,
})
const queue = (more: Partial<NonNullable<Health['queue']>>): Health =>
  health({ queue: { waitingEvents: 0, bytes: 0, maxBytes: 100, deadLetters: 0, ...more } })
const books = {
  pixelId: '1',
  received: 5,
  delivered: 4,
  dead: 0,
  expired: 0,
  dropped: {},
  waiting: 0,
  replayed: 0,
  lettersDropped: 0,
}
const hold = { kind: 'parked', reason: 'the token is invalid', sinceMs: NOW - 9_000, untilMs: NOW + 60_000 } as const

describe('attentions()', () => {
  it('leaves people alone when all is well', () => {
    expect(attentions(health())).toEqual([])
    expect(attentions(undefined)).toEqual([])
  })

  it.each<[string, Health, 'bad' | 'warn', string]>([
    ['a queue that cannot be asked', health({ queueProblem: 'the database is away' }), 'bad', 'the database is away'],
    ['a queue that refuses', queue({ refusing: 'disk_full' }), 'bad', 'no room left on the disk'],
    ['a queue that is nearly full', queue({ bytes: 85 }), 'warn', 'MAX_QUEUE_BYTES'],
    ['an event that waits long', queue({ oldestReceivedAtMs: NOW - 3_600_000 }), 'warn', 'which pixel waits'],
    [
      'a parked pixel',
      health({ lanes: [{ pixelId: '1', waitingEvents: 12, hold }] }),
      'bad',
      '12 events wait; none is lost',
    ],
    ['books with a gap', health({ books: [{ ...books, gap: 1 }] }), 'bad', '1 events are unaccounted for'],
    ['dead letters', queue({ deadLetters: 3 }), 'warn', 'Mend the cause'],
    [
      'a history that cannot be written',
      health({ history: { samplesLeftOut: 0, problem: 'disk full' } }),
      'warn',
      'Disk full.',
    ],
    ['somebody who guesses passwords', health({ wrongPasswords: 20 }), 'warn', 'tried to get in'],
  ])('points out %s', (_, given, tone, words) => {
    const found = attentions(given)

    expect(found).toHaveLength(1)
    expect(found[0]?.tone).toBe(tone)
    expect(`${found[0]?.title} ${found[0]?.text}`).toContain(words)
  })

  it('does not take a throttled pixel for a fault', () => {
    expect(
      attentions(health({ lanes: [{ pixelId: '1', waitingEvents: 1, hold: { ...hold, kind: 'throttled' } }] })),
    ).toEqual([])
  })

  it('puts the worst first, and repeats no alarm that it can see for itself', () => {
    const note = { kind: 'alarm', pixelId: '', atMs: NOW, message: 'Look.' } as const
    const summary = {
      notes: [
        { ...note, cause: 'queue_damaged' },
        { ...note, cause: 'lane_parked' },
      ],
    } as unknown as Summary

    const found = attentions({ ...queue({ deadLetters: 1 }), books: [{ ...books, gap: -2 }] }, summary)

    expect(found.map(({ key }) => key)).toEqual(['books-1', 'letters', 'alarm-queue_damaged'])
  })
})
