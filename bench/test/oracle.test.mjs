import { describe, expect, it } from 'vitest'
import { isBad, makeEvent, POISON } from '../torture/events.mjs'
import { broken, createOracle, inOneLine } from '../torture/oracle.mjs'

const CALM = { copies: [], refusals: [], deadLetters: [], queue: { waiting: 0, gap: 0 }, damaged: [] }
const lead = (event_id) => ({ pixel_id: '1', event_name: 'Lead', event_id })
const copy = (event, serverCopies = 1) => ({ ...event, serverCopies })
const letter = ({ pixel_id, event_name, event_id }, cause) => ({
  lane: { pixelId: pixel_id },
  eventName: event_name,
  eventId: event_id,
  reason: { cause },
})

/** The verdict on a run in which these events were acknowledged. */
function judge(acknowledged, seen) {
  const oracle = createOracle()
  acknowledged.forEach(oracle.acknowledge)
  return oracle.judge({ ...CALM, ...seen })
}

describe('the verdict', () => {
  it('is good when every acknowledged event has arrived, even twice', () => {
    const verdict = judge([lead('a'), lead('b')], { copies: [copy(lead('a')), copy(lead('b'), 2)] })

    expect(inOneLine(verdict)).toBe('acknowledged 2, arrived 2, twice 1, lost 0, invalid let through 0, gap 0')
    expect(broken(verdict)).toEqual([])
  })

  const poison = { ...lead('p'), event_name: POISON }
  it.each([
    ['an acknowledged event has neither arrived nor a dead letter', { lost: 1 }, [lead('a')], {}],
    [
      'a dead letter belongs to another event',
      { lost: 1 },
      [lead('a')],
      { deadLetters: [letter(lead('b'), 'too_old')] },
    ],
    [
      'an event died that Meta would have taken',
      { deadForNoReason: 1 },
      [lead('a')],
      { deadLetters: [letter(lead('a'), 'refused_by_meta')] },
    ],
    ['Meta got an event that breaks its rules', { invalidLetThrough: 1 }, [], { copies: [copy(lead('bad-1'))] }],
    [
      'Meta refused an event by its rules',
      { invalidLetThrough: 1 },
      [],
      { refusals: [{ rule: 'event_time_too_old' }] },
    ],
    ['events still wait', { stillWaiting: 3 }, [], { queue: { waiting: 3, gap: 0 } }],
    ['the books do not balance', { gap: -1 }, [], { queue: { waiting: 0, gap: -1 } }],
    ['a queue file was set aside', { setAsideAsDamaged: 1 }, [], { damaged: ['queue.db.damaged-1'] }],
  ])('is bad when %s', (_, wrong, acknowledged, seen) => {
    const verdict = judge(acknowledged, seen)

    expect(verdict).toMatchObject(wrong)
    expect(broken(verdict)).toEqual(Object.keys(wrong))
  })

  it('takes for good that poison dies, and that old events do when the clock jumps', () => {
    const verdict = judge([poison, lead('old')], {
      deadLetters: [letter(poison, 'refused_by_meta'), letter(lead('old'), 'ambiguous_too_long')],
    })

    expect(verdict).toMatchObject({ deadAsTheyShould: 1, deadByTheClock: 1, lost: 0 })
    expect(broken(verdict)).toEqual([])
  })
})

describe('makeEvent()', () => {
  const rounds = Array.from({ length: 600 }, (_, round) => makeEvent(`e${round}`, round))

  it('spoils one event in fifty, each flaw in its turn', () => {
    const bad = rounds.filter(isBad)

    expect(bad).toHaveLength(12)
    expect(bad.some(({ user_data }) => Object.keys(user_data).length === 0)).toBe(true)
    expect(bad.some(({ event_name }) => event_name === '')).toBe(true)
  })

  it('poisons one in two hundred', () => {
    expect(rounds.filter(({ event_name }) => event_name === POISON)).toHaveLength(3)
  })
})
