import { expect, it } from 'vitest'
import { countHappening } from '../../src/inspector/count-happening.js'
import type { Counts } from '../../src/inspector/counts.js'
import type { Happening } from '../../src/observer.js'
import { attempted, ingested, leased, PIXEL, ready, settled } from './happenings.js'

const NOW = 1_773_145_830_000

function countsOf(...happenings: Happening[]): Record<string, Counts> {
  const all: Record<string, Counts> = {}
  for (const happening of happenings) {
    countHappening(happening, (_, pixelId, eventName) => (all[`${pixelId}/${eventName}`] ??= {}))
  }
  return all
}

it('counts an event by its twin, id, keys, address family, age, repairs and money', () => {
  const event = ready({
    atMs: NOW,
    eventId: 'e1',
    pixel: 'blocked',
    money: { value: 12.5, currency: 'EUR' },
    ipv6: true,
    repairs: [{ code: 'currency_upper_case', path: 'custom_data.currency' }],
  })

  expect(countsOf(ingested([event], { receivedAtMs: NOW }))).toEqual({
    [`${PIXEL}/Purchase`]: {
      events: 1,
      id: 1,
      ipv6: 1,
      'twin.blocked': 1,
      'age.minute': 1,
      'key.em': 1,
      'key.client_ip_address': 1,
      'key.client_user_agent': 1,
      'repair.currency_upper_case': 1,
      'money.EUR': 12.5,
      'money.EUR.recovered': 12.5,
    },
  })
})

it.each([
  ['loaded', 'browser', 'twin.loaded', 0],
  ['blocked', 'browser', 'twin.blocked', 10],
  ['absent', 'browser', 'twin.absent', 10],
  [undefined, 'server', 'twin.server', 0],
  [undefined, 'browser', 'twin.unknown', 0],
] as const)('counts a pixel that is %s, sent by a %s, as %s, and %i of 10 as recovered', (pixel, sender, twin, won) => {
  const event = ready({ atMs: NOW, money: { value: 10, currency: 'USD' }, ...(pixel && { pixel }) })

  const counts = countsOf(ingested([event], { receivedAtMs: NOW, sender }))[`${PIXEL}/Purchase`]

  expect(counts).toMatchObject({ [twin]: 1 })
  expect(counts?.['money.USD.recovered'] ?? 0).toBe(won)
})

it('counts a second copy as left out and as nothing else, and knows which one it was', () => {
  const prepared = [
    { kind: 'dropped', pixelId: PIXEL, reason: 'bot' } as const,
    ready({ atMs: NOW, eventName: 'Lead' }),
    ready({ atMs: NOW, eventName: 'Purchase' }),
  ]

  const counts = countsOf(ingested(prepared, { receivedAtMs: NOW }, ['duplicate', 'stored']))

  expect(counts[`${PIXEL}/Lead`]).toEqual({ dropped: 1, 'dropped.duplicate': 1 })
  expect(counts[`${PIXEL}/Purchase`]?.['events']).toBe(1)
  expect(counts[`${PIXEL}/`]).toEqual({ dropped: 1, 'dropped.bot': 1 })
})

it('counts refused events once, and each reason', () => {
  const issues = ['purchase_without_currency', 'purchase_without_value'].map((code) => ({
    code,
    path: '',
    message: '',
  }))

  const counts = countsOf(
    ingested([{ kind: 'rejected', issues, pixelId: PIXEL, eventName: 'Purchase' }], { receivedAtMs: NOW }),
  )

  expect(counts[`${PIXEL}/Purchase`]).toEqual({
    rejected: 1,
    'rejected.purchase_without_currency': 1,
    'rejected.purchase_without_value': 1,
  })
})

it('counts requests to Meta by cause and class of latency', () => {
  const event = leased(ready({ atMs: NOW }), NOW)

  const counts = countsOf(
    attempted([event, event], NOW),
    attempted([event], NOW, { kind: 'retry', cause: 'throttled', ambiguous: false }, { durationMs: 20_000 }),
  )[`${PIXEL}/`]

  expect(counts).toMatchObject({
    attempts: 2,
    'attempts.events': 3,
    'latency.150': 1,
    'latency.more': 1,
    'attempt.retry.throttled': 1,
  })
})

it('counts what became of events, and how fresh they reached Meta', () => {
  const event = leased(ready({ atMs: NOW }), NOW)

  const counts = countsOf(settled([event], NOW + 2_000), settled([event], NOW + 2_000, 'dead'), {
    ...(settled([], NOW) as Extract<Happening, { kind: 'settled' }>),
    events: [event],
    verdicts: [{ ref: event.ref, kind: 'free' }],
  })[`${PIXEL}/Purchase`]

  expect(counts).toEqual({
    delivered: 1,
    'fresh.minute': 1,
    waitedMs: 2_000,
    dead: 1,
    'dead.refused_by_meta': 1,
  })
})
