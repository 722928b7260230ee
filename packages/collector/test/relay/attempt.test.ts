import pino from 'pino'
import { describe, expect, it } from 'vitest'
import type { Happening } from '../../src/observer.js'
import type { LeasedEvent } from '../../src/queue/queue.js'
import { createAttempt } from '../../src/relay/attempt.js'
import type { Reply } from '../../src/relay/classify.js'
import { RELAY_LIMITS } from '../../src/relay/limits.js'
import { createMetaClock } from '../../src/relay/meta-clock.js'
import { changeablePixels, pixel } from './relay-world.js'

const TOKEN = 'EAAB-token-of-111'
const LANE = { pixelId: '111' }
const JSON_TEXT = '{"event_name":"Lead","user_data":{"em":["personal"]}}'
const EVENTS = [{ ref: '1', eventName: 'Lead', json: JSON_TEXT }] as LeasedEvent[]

/** The clock of these tests says 1 s after the epoch. */
const DATE = 'Thu, 01 Jan 1970 00:00:01 GMT'

const answer = (status: number, body: object, headers = {}): Reply => ({
  kind: 'answer',
  status,
  headers,
  body: JSON.stringify(body),
})

async function attempt(reply: Reply) {
  const lines: string[] = []
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) })
  const happenings: Happening[] = []
  const bodies: string[] = []
  const run = createAttempt({
    api: {
      post(_, body) {
        bodies.push(body.toString())
        return Promise.resolve(reply)
      },
      abort: () => undefined,
      close: () => Promise.resolve(),
    },
    pixels: changeablePixels(pixel('111')),
    observe: (happening) => happenings.push(happening),
    log,
    now: () => 1_000,
    metaClock: createMetaClock({ now: () => 1_000, onWrong: () => undefined, onRight: () => undefined }),
    limits: RELAY_LIMITS,
  })
  const attempted = await run(LANE, EVENTS, false)
  return { attempted, lines, happenings, bodies }
}

describe('an attempt', () => {
  it('tells who watches what was sent, what came back, and what it means', async () => {
    const { happenings, bodies } = await attempt(
      answer(200, { events_received: 1 }, { 'x-app-usage': '{"call_count":50}' }),
    )

    expect(happenings).toEqual([
      {
        kind: 'attempted',
        atMs: 1_000,
        lane: LANE,
        attempt: {
          events: EVENTS,
          bytes: bodies[0]?.length,
          durationMs: expect.any(Number) as number,
          status: 200,
          outcome: { kind: 'accepted' },
          bisecting: false,
          usage: 0.5,
        },
      },
    ])
  })

  it.each<[string, Reply, object]>([
    ['accepted', answer(200, { events_received: 1, fbtrace_id: 'T1' }), { level: 30, fbtrace_id: 'T1' }],
    [
      'refused',
      answer(400, { error: { code: 100, message: `em jane@example.com with ${TOKEN}`, fbtrace_id: 'T2' } }),
      { level: 40, fbtrace_id: 'T2', cause: 'invalid_event', code: 100 },
    ],
    ['failed', { kind: 'no_answer', why: 'timeout', sent: true }, { level: 40, cause: 'timeout', ambiguous: true }],
  ])('leaves one line in the log when it was %s, without tokens and personal data', async (_, reply, expected) => {
    const { lines } = await attempt(reply)

    expect(lines).toHaveLength(1)
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ event: 'relay.request', lane: '111', events: 1, ...expected })
    for (const secret of [TOKEN, 'personal', 'jane']) expect(lines[0]).not.toContain(secret)
  })

  it('says whether the way to Meta is open', async () => {
    const reach = async (reply: Reply) => (await attempt(reply)).attempted.reach

    expect(await reach(answer(500, {}))).toBe('reached')
    expect(await reach({ kind: 'no_answer', why: 'connection_lost', sent: true })).toBe('reached')
    expect(await reach({ kind: 'no_answer', why: 'unreachable', sent: false })).toBe('failed')
    expect(await reach({ kind: 'no_answer', why: 'aborted', sent: false })).toBe('not_tried')
  })

  it.each<[string, Reply, number | undefined]>([
    ['an acceptance', answer(200, { events_received: 1 }, { date: DATE }), -499],
    ["a refusal in Meta's words", answer(400, { error: { code: 190 } }, { date: DATE }), -499],
    ['the answer of somebody on the way', answer(502, {}, { date: DATE }), undefined],
    ['no answer', { kind: 'no_answer', why: 'timeout', sent: true }, undefined],
  ])("says how far the clock is ahead of Meta's by %s", async (_, reply, clockAheadMs) => {
    const { happenings } = await attempt(reply)

    const ahead = happenings[0]?.kind === 'attempted' ? happenings[0].attempt.clockAheadMs : NaN
    if (clockAheadMs === undefined) expect(ahead).toBeUndefined()
    else expect(Math.abs(ahead! - clockAheadMs)).toBeLessThan(100)
  })
})
