import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { judgeEvent } from '../../../sandbox/src/rules/judge-event.js'
import { prepareBatch } from '../../src/pipeline/prepare-batch.js'
import type { Prepared } from '../../src/pipeline/received.js'
import { fromBrowser, fromServer, NOW_MS, pipelineOptions, PURCHASE } from './fixtures.js'

const TIMEOUT = { timeout: 120_000 }

/** Words that mean something to the pipeline, so that random bodies get further than its first step. */
const KEYS = [
  'event_name',
  'event_time',
  'event_id',
  'action_source',
  'event_source_url',
  'referrer_url',
  'user_data',
  'custom_data',
  'opt_out',
  'data_processing_options',
  'data_processing_options_country',
  'data_processing_options_state',
  'original_event_data',
  'app_data',
  'attribution_data',
  'messaging_channel',
  'customer_segmentation',
  'mirror',
  'pixel_id',
  'data',
  'common',
  'test_event_code',
  'em',
  'ph',
  'fn',
  'db',
  'country',
  'zp',
  'fbp',
  'fbc',
  'external_id',
  'client_ip_address',
  'client_user_agent',
  'value',
  'currency',
  'contents',
  'content_ids',
  'id',
  'quantity',
  'sent_at',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'length',
]
const VALUES = [
  'Purchase',
  'website',
  'physical_store',
  'EUR',
  'https://shop.example/?fbclid=IwAR',
  'fb.1.1763999000000.1',
  '203.0.113.9',
  '::1',
  'LDU',
  Infinity,
  -1,
  1.7e9,
  1.7e12,
  '1e5',
  '%',
  '\u0000',
  '\ud800',
  'mary@example.com',
  '+49 151 23456789',
  '𝒳'.repeat(60),
  null,
  true,
]

const { anything } = fc.letrec((tie) => ({
  anything: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    fc.constantFrom(...VALUES),
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.double(),
    fc.array(tie('anything'), { maxLength: 4 }),
    fc.array(fc.tuple(fc.constantFrom(...KEYS), tie('anything')), { maxLength: 8 }).map((entries) =>
      // Like JSON.parse, which makes `__proto__` an own key.
      Object.defineProperties(
        {},
        Object.fromEntries(
          entries.map(([key, value]) => [key, { value, enumerable: true, configurable: true, writable: true }]),
        ),
      ),
    ),
  ),
}))

/** A good event with something anywhere in it. */
const almostGood = fc
  .tuple(fc.constantFrom(...KEYS), anything, fc.constantFrom('event', 'user_data', 'custom_data', 'content'))
  .map(([key, value, where]) => {
    const event = structuredClone(PURCHASE) as Record<string, unknown> & typeof PURCHASE
    const target = {
      event,
      user_data: event.user_data,
      custom_data: event.custom_data,
      content: event.custom_data.contents[0],
    }[where]
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true })
    return event
  })

const body = fc.oneof(
  anything,
  almostGood,
  fc.record({ data: fc.array(fc.oneof(anything, almostGood), { maxLength: 3 }), common: anything }),
)
const received = fc.constantFrom(fromBrowser(), fromServer())

function prepared(given: unknown, from = fromServer()): Prepared[] {
  const result = prepareBatch(given, from, pipelineOptions())
  return result.kind === 'prepared' ? result.prepared : []
}

function ready(all: Prepared[]) {
  return all.flatMap((one) => (one.kind === 'ready' ? [one] : []))
}

describe('prepareBatch(), whatever it is given', () => {
  it('never throws, and never changes what it was given', TIMEOUT, () => {
    fc.assert(
      fc.property(body, received, (given, from) => {
        const before = JSON.stringify(given)

        prepared(given, from)

        expect(JSON.stringify(given)).toBe(before)
      }),
      { numRuns: 3_000 },
    )
  })

  it('pollutes no prototype', TIMEOUT, () => {
    fc.assert(
      fc.property(body, received, (given, from) => {
        for (const { event } of ready(prepared(given, from))) {
          const text = event.json
          expect(text).not.toMatch(/"(?:__proto__|constructor|prototype)":/)
        }
        expect(Object.keys(Object.prototype)).toEqual([])
      }),
      { numRuns: 2_000 },
    )
  })

  it('says what is wrong in sentences of its own, and where in paths of its own', TIMEOUT, () => {
    const path = /^(?:[a-z_]+(?:\[\d+\])?(?:\.[a-z_]+(?:\[\d+\])?)*)?$/

    fc.assert(
      fc.property(body, received, (given, from) => {
        for (const one of prepared(given, from)) {
          for (const found of one.kind === 'rejected' ? one.issues : one.kind === 'ready' ? one.repairs : []) {
            expect(found.code).toMatch(/^[a-z0-9_]+$/)
            expect(found.path).toMatch(path)
          }
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it('makes events that the stand-in for Meta takes, which was written without a look at this', TIMEOUT, () => {
    const context = { nowMs: NOW_MS, futureToleranceMs: 0 }

    fc.assert(
      fc.property(body, received, (given, from) => {
        for (const { event } of ready(prepared(given, from))) {
          const broken = judgeEvent(JSON.parse(event.json) as Record<string, unknown>, context)

          expect(broken?.rule.name).toBeUndefined()
        }
      }),
      { numRuns: 3_000 },
    )
  })

  it('makes events that pass again as they are', TIMEOUT, () => {
    fc.assert(
      fc.property(body, received, (given, from) => {
        for (const { event } of ready(prepared(given, from))) {
          const [again] = ready(prepared(JSON.parse(event.json)))

          expect(again?.event.json).toBe(event.json)
          expect(again?.repairs).toEqual([])
        }
      }),
      { numRuns: 3_000 },
    )
  })
})

describe('personal data in plain text', () => {
  const EMAIL = 'Mary.Smith@Example.com'
  const PHONE = '+49 151 98712365'
  const TRACES = [/mary\.smith/i, /98712365/]

  const places: [string, (secret: string) => unknown][] = [
    ...KEYS.filter((key) => !['client_ip_address', 'test_event_code'].includes(key)).map(
      (key): [string, (secret: string) => unknown] => [key, (secret) => ({ ...PURCHASE, [key]: secret })],
    ),
    ...KEYS.map((key): [string, (secret: string) => unknown] => [
      `user_data.${key}`,
      (secret) => ({ ...PURCHASE, user_data: { ...PURCHASE.user_data, [key]: secret } }),
    ]),
    ...KEYS.map((key): [string, (secret: string) => unknown] => [
      `custom_data.${key}`,
      (secret) => ({ ...PURCHASE, custom_data: { ...PURCHASE.custom_data, [key]: secret } }),
    ]),
    ...['original_event_data', 'app_data', 'attribution_data', 'mirror'].map(
      (key): [string, (secret: string) => unknown] => [
        `${key}.x`,
        (secret) => ({ ...PURCHASE, [key]: { x: secret, version: secret, deep: [{ y: secret }] } }),
      ],
    ),
    ['a key of user_data', (secret) => ({ ...PURCHASE, user_data: { ...PURCHASE.user_data, [secret]: secret } })],
    [
      'a key of custom_data',
      (secret) => ({ ...PURCHASE, custom_data: { ...PURCHASE.custom_data, [secret]: { [secret]: 1 } } }),
    ],
    ['a key of the event', (secret) => ({ ...PURCHASE, [secret]: secret })],
    [
      'deep inside',
      (secret) => ({ ...PURCHASE, custom_data: { ...PURCHASE.custom_data, a: [[{ b: [`x ${secret} y`] }]] } }),
    ],
    [
      'a product',
      (secret) => ({
        ...PURCHASE,
        custom_data: { ...PURCHASE.custom_data, contents: [{ id: secret, quantity: secret, title: secret }] },
      }),
    ],
    [
      'the address of the page',
      (secret) => ({
        ...PURCHASE,
        event_source_url: `https://shop.example/${encodeURIComponent(secret)}?a=${encodeURIComponent(secret)}#${encodeURIComponent(secret)}`,
      }),
    ],
    [
      'the referrer',
      (secret) => ({ ...PURCHASE, referrer_url: `https://shop.example/?x=${encodeURIComponent(secret)}` }),
    ],
    [
      'the common part',
      (secret) => ({ common: { event_id: secret, user_data: { em: secret }, [secret]: secret }, data: [PURCHASE] }),
    ],
    [
      'a refused event',
      (secret) => ({ event_name: `Lead ${secret}`, event_id: secret, event_time: secret, action_source: secret }),
    ],
    [
      'a name that is too long',
      (secret) => ({ ...PURCHASE, event_name: secret.repeat(10), custom_data: { value: secret } }),
    ],
  ]

  it.each(places)('in %s is nowhere in what comes out', (_place, make) => {
    for (const secret of [EMAIL, PHONE]) {
      for (const from of [fromBrowser(), fromServer()]) {
        const out = JSON.stringify(prepareBatch(make(secret), from, pipelineOptions()))

        for (const trace of TRACES) expect(out).not.toMatch(trace)
      }
    }
  })

  it('in any place of any body is nowhere in what comes out', TIMEOUT, () => {
    const secrets = fc.constantFrom(EMAIL, PHONE, `Call ${PHONE}`, `mailto:${EMAIL}`, encodeURIComponent(EMAIL))
    const hiding = fc
      .tuple(almostGood, fc.constantFrom(...KEYS), secrets)
      .map(([event, key, secret]) => ({ ...event, [key]: secret, custom_data: { a: { [key]: [secret] } } }))

    fc.assert(
      fc.property(hiding, received, (given, from) => {
        const out = JSON.stringify(prepareBatch(given, from, pipelineOptions()))

        for (const trace of TRACES) expect(out).not.toMatch(trace)
      }),
      { numRuns: 2_000 },
    )
  })
})
