import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Reply } from '../../src/relay/classify.js'
import { classify } from '../../src/relay/classify.js'
import { REMEDIES } from '../../src/relay/remedies.js'

const NOW = Date.UTC(2026, 10, 24)
const SENT = { events: 3, nowMs: NOW }

function answer(status: number, body: unknown, headers: Record<string, string> = {}): Reply {
  return { kind: 'answer', status, headers, body: typeof body === 'string' ? body : JSON.stringify(body) }
}

const error = (fields: object, status = 400, headers: Record<string, string> = {}) =>
  answer(status, { error: { message: 'No.', type: 'OAuthException', fbtrace_id: 'AbC', ...fields } }, headers)

const outcome = (reply: Reply) => classify(reply, SENT)

describe('classify()', () => {
  it('accepts a 200 that counts all events', () => {
    expect(outcome(answer(200, { events_received: 3, messages: [], fbtrace_id: 'AbC' }))).toEqual({
      kind: 'accepted',
      fbtraceId: 'AbC',
    })
  })

  it('does not believe a 200 that counts fewer events than were sent', () => {
    expect(outcome(answer(200, { events_received: 2 }))).toMatchObject({ kind: 'split', cause: 'not_all_received' })
  })

  describe('decides an error by its code and subcode', () => {
    it.each<[string, object, object]>([
      ['unknown, maybe downtime', { code: 1 }, { kind: 'retry', cause: 'meta_unavailable' }],
      ['service down', { code: 2 }, { kind: 'retry', cause: 'meta_unavailable' }],
      ['capability', { code: 3 }, { kind: 'park', cause: 'no_permission' }],
      ['app request limit', { code: 4 }, { kind: 'retry', cause: 'throttled' }],
      ['permission', { code: 10 }, { kind: 'park', cause: 'no_permission' }],
      ['user request limit', { code: 17, error_subcode: 2446079 }, { kind: 'retry', cause: 'throttled' }],
      ['page limit', { code: 32 }, { kind: 'retry', cause: 'throttled' }],
      ['invalid parameter', { code: 100 }, { kind: 'split', cause: 'invalid_event' }],
      ['wrong pixel or token not assigned', { code: 100, error_subcode: 33 }, { kind: 'park', cause: 'wrong_pixel' }],
      ['too old', { code: 100, error_subcode: 2804003 }, { kind: 'split', cause: 'too_old' }],
      ['no value', { code: 100, error_subcode: 2804009 }, { kind: 'split', cause: 'invalid_event' }],
      ['a later payload rule', { code: 100, error_subcode: 2804999 }, { kind: 'split', cause: 'invalid_event' }],
      [
        'a payload rule with another code',
        { code: -1, error_subcode: 2804050 },
        { kind: 'split', cause: 'invalid_event' },
      ],
      ['session', { code: 102 }, { kind: 'park', cause: 'token_invalid' }],
      ['app secret proof', { code: 104 }, { kind: 'park', cause: 'app_secret' }],
      ['too many parameters', { code: 105 }, { kind: 'split', cause: 'invalid_event' }],
      ['token', { code: 190, error_subcode: 463 }, { kind: 'park', cause: 'token_invalid' }],
      ['permission, first', { code: 200 }, { kind: 'park', cause: 'no_permission' }],
      ['permission, last', { code: 299 }, { kind: 'park', cause: 'no_permission' }],
      ['app limit', { code: 341 }, { kind: 'retry', cause: 'throttled' }],
      ['policy block', { code: 368 }, { kind: 'retry', cause: 'blocked', afterMs: 3_600_000 }],
      ['rate', { code: 613 }, { kind: 'retry', cause: 'throttled' }],
      ['no such object', { code: 803 }, { kind: 'park', cause: 'wrong_pixel' }],
      ['no token', { code: 2500 }, { kind: 'park', cause: 'token_invalid' }],
      ['version', { code: 2635 }, { kind: 'park', cause: 'api_version' }],
      ['unknown', { code: 5000 }, { kind: 'retry', cause: 'meta_unavailable' }],
      ['data set not ready', { code: 21009 }, { kind: 'retry', cause: 'meta_unavailable' }],
      ['business use case limit, first', { code: 80000 }, { kind: 'retry', cause: 'throttled' }],
      ['business use case limit, last', { code: 80014 }, { kind: 'retry', cause: 'throttled' }],
      ['anything that passes', { code: 100, is_transient: true }, { kind: 'retry', cause: 'meta_unavailable' }],
      ['a code sent as text', { code: '190' }, { kind: 'park', cause: 'token_invalid' }],
      ['a code nobody knows', { code: 77777 }, { kind: 'split', cause: 'unknown_refusal', triesAlone: 3 }],
      ['no code', {}, { kind: 'split', cause: 'unknown_refusal', triesAlone: 3 }],
    ])('%s: %j', (_, fields, expected) => {
      expect(outcome(error(fields))).toMatchObject(expected)
    })

    it.each([200, 400, 401, 403, 404, 429, 500, 503])('whatever the status, here %i', (status) => {
      expect(outcome(error({ code: 190 }, status))).toMatchObject({ kind: 'park', cause: 'token_invalid' })
      expect(outcome(error({ code: 100 }, status))).toMatchObject({ kind: 'split', cause: 'invalid_event' })
    })

    it('whatever the text, in whatever language', () => {
      expect(
        outcome(error({ code: 100, message: 'Ugyldig parameter: access token has expired, rate limit' })),
      ).toMatchObject({
        kind: 'split',
        cause: 'invalid_event',
      })
    })

    it('takes an unknown code as trouble of the moment when the server says it is its own', () => {
      expect(outcome(error({ code: 77777 }, 500))).toMatchObject({ kind: 'retry', cause: 'meta_unavailable' })
    })

    it('keeps the words that help: code, subcode, message, trace', () => {
      const reply = error({
        code: 100,
        error_subcode: 2804009,
        error_user_title: 'Missing Value',
        error_user_msg: 'Add it.',
      })

      expect(outcome(reply)).toMatchObject({
        reason: { code: 100, subcode: 2804009, message: 'No.: Missing Value: Add it.', fbtraceId: 'AbC' },
      })
    })

    it('is not ambiguous: what Meta refused in words it did not take', () => {
      for (const code of [1, 2, 4, 368]) expect(outcome(error({ code }, 500))).toMatchObject({ ambiguous: false })
    })
  })

  describe("without an error in Meta's words", () => {
    it.each<[string, Reply, object]>([
      ['an HTML page with 200', answer(200, '<html>'), { kind: 'retry', cause: 'unreadable_answer', ambiguous: true }],
      ['an empty 200', answer(200, ''), { kind: 'retry', cause: 'unreadable_answer', ambiguous: true }],
      ['a 200 that counts nothing', answer(200, {}), { kind: 'retry', cause: 'unreadable_answer', ambiguous: true }],
      ['half of the JSON', answer(200, '{"events_rec'), { kind: 'retry', cause: 'unreadable_answer', ambiguous: true }],
      ['a 500 page', answer(500, '<html>'), { kind: 'retry', cause: 'server_error', ambiguous: true }],
      ['a gateway time-out', answer(504, ''), { kind: 'retry', cause: 'server_error', ambiguous: true }],
      ['a request time-out', answer(408, ''), { kind: 'retry', cause: 'server_error', ambiguous: true }],
      ['a 429', answer(429, ''), { kind: 'retry', cause: 'throttled', ambiguous: false }],
      ['a 413', answer(413, '<html>'), { kind: 'retry', cause: 'too_large', ambiguous: false }],
      ['a redirect', answer(302, ''), { kind: 'retry', cause: 'not_meta', ambiguous: false }],
      ['a proxy that wants a password', answer(407, '<html>'), { kind: 'retry', cause: 'not_meta' }],
      ['a 400 page', answer(400, '<html>'), { kind: 'retry', cause: 'not_meta' }],
      ['a 404 page', answer(404, 'not found'), { kind: 'retry', cause: 'not_meta' }],
    ])('%s is tried again', (_, reply, expected) => {
      expect(outcome(reply)).toMatchObject(expected)
    })

    it('knows that what was not sent cannot have arrived, and that what was sent may have', () => {
      expect(outcome({ kind: 'no_answer', why: 'unreachable', sent: false })).toMatchObject({ ambiguous: false })
      expect(outcome({ kind: 'no_answer', why: 'timeout', sent: true })).toMatchObject({ ambiguous: true })
    })
  })

  describe('waits as long as it is asked to', () => {
    const usage = (minutes: number) =>
      JSON.stringify({ 42: [{ call_count: 100, estimated_time_to_regain_access: minutes }] })

    it('by Retry-After, with a status or with an error', () => {
      expect(outcome(answer(503, '', { 'retry-after': '7' }))).toMatchObject({ afterMs: 7_000 })
      expect(outcome(error({ code: 2 }, 500, { 'retry-after': '7' }))).toMatchObject({ afterMs: 7_000 })
    })

    it('by the minutes of the business usage header', () => {
      expect(outcome(error({ code: 80004 }, 400, { 'x-business-use-case-usage': usage(5) }))).toMatchObject({
        afterMs: 300_000,
      })
    })

    it('by whichever is longer', () => {
      const headers = { 'retry-after': '600', 'x-business-use-case-usage': usage(5) }

      expect(outcome(error({ code: 4 }, 400, headers))).toMatchObject({ afterMs: 600_000 })
    })

    it('and names no time when it is asked for none', () => {
      expect(outcome(error({ code: 4 }))).not.toHaveProperty('afterMs')
    })
  })

  it('has an outcome for every status, header and body, and a remedy for its cause', () => {
    const headers = fc.dictionary(
      fc.constantFrom('retry-after', 'x-app-usage', 'x-business-use-case-usage', 'x-ad-account-usage'),
      fc.oneof(fc.string(), fc.json(), fc.integer().map(String)),
    )
    const graphError = fc.record(
      {
        code: fc.oneof(fc.integer(), fc.string(), fc.double(), fc.constantFrom(1, 4, 100, 190, 2635, null)),
        error_subcode: fc.oneof(fc.integer(), fc.constantFrom(33, 2804003, 2804050, '33')),
        is_transient: fc.oneof(fc.boolean(), fc.string()),
        message: fc.oneof(fc.string(), fc.object()),
        error_data: fc.oneof(fc.json(), fc.object(), fc.constant({ blame_field_specs: [['data', 1]] })),
        fbtrace_id: fc.oneof(fc.string(), fc.integer()),
      },
      { requiredKeys: [] },
    )
    const body = fc.oneof(
      fc.string(),
      fc.json(),
      fc.record({ error: fc.oneof(graphError, fc.anything()) }).map((value) => JSON.stringify(value) ?? ''),
      fc.record({ events_received: fc.anything() }).map((value) => JSON.stringify(value) ?? ''),
    )
    const reply: fc.Arbitrary<Reply> = fc.oneof(
      fc.record({ kind: fc.constant('answer' as const), status: fc.integer({ min: 100, max: 999 }), headers, body }),
      fc.record({
        kind: fc.constant('no_answer' as const),
        why: fc.constantFrom('unreachable', 'certificate', 'timeout', 'connection_lost', 'too_long', 'aborted'),
        sent: fc.boolean(),
      }),
    )

    fc.assert(
      fc.property(reply, fc.integer({ min: 1, max: 1000 }), (given, events) => {
        const found = classify(given, { events, nowMs: NOW })

        expect(['accepted', 'retry', 'split', 'park']).toContain(found.kind)
        if (found.kind !== 'accepted') expect(Object.keys(REMEDIES)).toContain(found.cause)
        if (found.kind === 'retry' && found.afterMs !== undefined) expect(found.afterMs).toBeGreaterThanOrEqual(0)
      }),
      { numRuns: 2_000 },
    )
  })

  it('accepts nothing but a 2xx that counts as many events as were sent', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 599 }), fc.integer({ min: -5, max: 10 }), (status, received) => {
        const found = outcome(answer(status, { events_received: received }))

        expect(found.kind === 'accepted').toBe(status >= 200 && status < 300 && received >= SENT.events)
      }),
    )
  })
})
