import { chmodSync, statSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openHistoryStore } from '../../src/inspector/history-file.js'
import { HISTORY_LIMITS, type HistoryBatch } from '../../src/inspector/history.js'
import type { HistoryStore } from '../../src/inspector/history-store.js'
import type { FlowEvent } from '../../src/inspector/api.js'

const NOW = Date.parse('2026-03-10T12:30:30Z')
const MINUTE = 60_000
const HOUR = 60 * MINUTE

let folder: string
let file: string
let store: HistoryStore

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'history-'))
  file = join(folder, 'history.db')
  store = await openHistoryStore(file, NOW)
})
afterEach(() => {
  store.close()
  rmSync(folder, { recursive: true })
})

const batch = (more: Partial<HistoryBatch>): HistoryBatch => ({
  nowMs: NOW,
  sums: [],
  samples: [],
  steps: [],
  notes: [],
  ...more,
})
const sum = (atMs: number, eventName: string, counts: Record<string, number>, pixelId = '1') => ({
  minuteMs: Math.floor(atMs / MINUTE) * MINUTE,
  pixelId,
  eventName,
  counts,
})
const picked = (id: number, more: Partial<FlowEvent> = {}): FlowEvent => ({
  id,
  atMs: id / 1_000,
  pixelId: '1',
  eventName: 'Purchase',
  eventId: `e${id}`,
  sender: 'browser',
  twin: 'loaded',
  state: 'waiting',
  matchKeys: [],
  repairs: [],
  issues: [],
  attempts: [],
  attemptsLeftOut: 0,
  came: { fbpCookie: false, fbcCookie: false },
  ...more,
})

describe('sums', () => {
  it('adds what is written at different times about the same minute', () => {
    store.write(batch({ sums: [sum(NOW, 'Purchase', { events: 2, 'max.waiting': 5 })] }))
    store.write(batch({ sums: [sum(NOW, 'Purchase', { events: 3, 'max.waiting': 4, id: 1 })] }))

    const { total, names, points } = store.summary({ range: '1h', nowMs: NOW })

    expect(total).toEqual({ events: 5, 'max.waiting': 5, id: 1 })
    expect(names).toEqual([{ eventName: 'Purchase', counts: total }])
    expect(points).toEqual([{ atMs: Date.parse('2026-03-10T12:30:00Z'), counts: { events: 5, 'max.waiting': 5 } }])
  })

  it.each(['15m', '1h', '24h', '7d', '30d', '90d'] as const)('shows the same minute in the range of %s', (range) => {
    store.write(batch({ sums: [sum(NOW - 5 * MINUTE, 'Lead', { events: 4 })] }))

    const summary = store.summary({ range, nowMs: NOW })

    expect(summary.total['events']).toBe(4)
    expect(summary.points).toHaveLength(1)
    expect(summary.toMs).toBeGreaterThan(NOW)
    expect((summary.toMs - summary.fromMs) % summary.stepMs).toBe(0)
  })

  it('leaves out what is before the range', () => {
    store.write(batch({ sums: [sum(NOW - 3 * HOUR, 'Lead', { events: 4 }), sum(NOW, 'Lead', { events: 1 })] }))

    expect(store.summary({ range: '1h', nowMs: NOW }).total['events']).toBe(1)
    expect(store.summary({ range: '24h', nowMs: NOW }).total['events']).toBe(5)
  })

  it('begins a day at midnight of the reader', () => {
    const summary = store.summary({ range: '90d', nowMs: NOW, offsetMinutes: 120 })

    expect(new Date(summary.toMs).toISOString()).toBe('2026-03-10T22:00:00.000Z')
  })

  it('filters by pixel, and keeps what belongs to none', () => {
    store.write(
      batch({
        sums: [
          sum(NOW, 'Lead', { events: 1 }, '1'),
          sum(NOW, 'Lead', { events: 10 }, '2'),
          sum(NOW, '', { 'turned_away.rate': 3 }, ''),
        ],
      }),
    )

    expect(store.summary({ range: '1h', nowMs: NOW, pixelId: '1' }).total).toEqual({ events: 1, 'turned_away.rate': 3 })
  })

  it('filters by event name, and still names the others', () => {
    store.write(batch({ sums: [sum(NOW, 'Lead', { events: 1 }), sum(NOW, 'Purchase', { events: 10 })] }))

    const { total, names } = store.summary({ range: '1h', nowMs: NOW, eventName: 'Lead' })

    expect(total).toEqual({ events: 1 })
    expect(names.map(({ eventName }) => eventName)).toEqual(['Purchase', 'Lead'])
  })

  it('forgets minutes after two days and hours after three months', () => {
    store.write(batch({ sums: [sum(NOW, 'Lead', { events: 1 })] }))
    const later = NOW + 3 * 24 * HOUR
    store.write(batch({ nowMs: later }))

    expect(store.summary({ range: '1h', nowMs: NOW }).total).toEqual({})
    expect(store.summary({ range: '7d', nowMs: later }).total).toEqual({ events: 1 })

    store.write(batch({ nowMs: NOW + 93 * 24 * HOUR }))

    expect(store.summary({ range: '7d', nowMs: later }).total).toEqual({})
  })

  it('keeps a bounded number of rows, hours longest', async () => {
    store.close()
    store = await openHistoryStore(file, NOW, { ...HISTORY_LIMITS, sums: 10 })
    store.write(batch({}))
    const sums = Array.from({ length: 40 }, (_, index) => sum(NOW - index * MINUTE, 'Lead', { events: 1 }))
    store.write(batch({ sums, nowMs: NOW + MINUTE }))

    expect(store.summary({ range: '7d', nowMs: NOW }).total['events']).toBe(40)
    expect(store.summary({ range: '1h', nowMs: NOW }).total['events']).toBe(8)
  })
})

describe('events', () => {
  it('come newest first, in pages, filtered by state, name and search', () => {
    const ids = Array.from({ length: 150 }, (_, index) => (NOW + index) * 1_000)
    store.write(
      batch({
        samples: ids.map((id, index) => ({
          event: picked(id, index % 2 === 0 ? { state: 'dead' } : { eventName: 'Lead', eventId: `Ord-${index}` }),
        })),
      }),
    )

    const first = store.events({ limit: 100 })
    const second = store.events({ limit: 100, before: first.at(-1)?.id ?? 0 })

    expect([...first, ...second].map(({ id }) => id)).toEqual([...ids].reverse())
    expect(store.events({ limit: 100, states: ['dead'] })).toHaveLength(75)
    expect(store.events({ limit: 100, eventName: 'Lead' })).toHaveLength(75)
    expect(store.events({ limit: 100, search: 'ord-77' })).toHaveLength(1)
    expect(store.events({ limit: 100, after: ids[147] ?? 0 })).toHaveLength(2)
    expect(store.events({ limit: 100, pixelId: '2' })).toEqual([])
  })

  it('tell their story step by step, also after a restart', async () => {
    const id = NOW * 1_000
    const attempt = { atMs: NOW, durationMs: 90, events: 12, bytes: 9_000, outcome: 'retry', bisecting: false } as const
    store.write(batch({ samples: [{ event: picked(id), json: '{"event_name":"Purchase","user_data":{}}', key: 'k' }] }))
    store.write(batch({ steps: [{ id, kind: 'attempt', attempt, state: 'retrying' }] }))
    store.close()
    store = await openHistoryStore(file, NOW)

    expect(store.waiting()).toEqual([{ id, key: 'k' }])
    expect(store.event(id)).toMatchObject({ state: 'retrying', attempts: [attempt], sent: { event_name: 'Purchase' } })

    store.write(batch({ steps: [{ id, kind: 'settled', settled: { kind: 'delivered', atMs: NOW } }] }))

    expect(store.event(id)).toMatchObject({ state: 'delivered', settled: { kind: 'delivered' } })
    expect(store.waiting()).toEqual([])
  })

  it('keep the first and the last attempts of an event that is tried for days', () => {
    const id = NOW * 1_000
    store.write(batch({ samples: [{ event: picked(id), key: 'k' }] }))
    for (let n = 1; n <= 25; n++) {
      const attempt = { atMs: n, durationMs: 1, events: 1, bytes: 1, outcome: 'retry', bisecting: false } as const
      store.write(batch({ steps: [{ id, kind: 'attempt', attempt }] }))
    }

    const { attempts, attemptsLeftOut } = store.event(id) ?? {}

    expect(attempts?.map(({ atMs }) => atMs)).toEqual([1, 2, 3, 19, 20, 21, 22, 23, 24, 25])
    expect(attemptsLeftOut).toBe(15)
  })

  it('are kept in bounded number and for a week', async () => {
    store.close()
    store = await openHistoryStore(file, NOW, { ...HISTORY_LIMITS, events: 10 })
    store.write(batch({}))
    const samples = Array.from({ length: 50 }, (_, index) => ({ event: picked((NOW + index) * 1_000) }))
    store.write(batch({ samples, nowMs: NOW + MINUTE }))

    expect(store.events({ limit: 100 }).map(({ id }) => id)).toEqual(
      samples
        .slice(40)
        .map(({ event }) => event.id)
        .reverse(),
    )

    store.write(batch({ nowMs: NOW + 8 * 24 * HOUR }))

    expect(store.events({ limit: 100 })).toEqual([])
  })
})

it('keeps the last words about each cause', () => {
  const note = { kind: 'attempt', cause: 'token_invalid', pixelId: '1', atMs: NOW, message: 'first' } as const
  store.write(batch({ notes: [note, { ...note, pixelId: '2' }] }))
  store.write(batch({ notes: [{ ...note, atMs: NOW + 1, message: 'second' }] }))

  const { notes } = store.summary({ range: '1h', nowMs: NOW, pixelId: '1' })

  expect(notes).toEqual([{ ...note, atMs: NOW + 1, message: 'second' }])
})

it('sets a file that is no history aside and begins a new one', async () => {
  const broken = join(folder, 'broken.db')
  writeFileSync(broken, 'this is not SQLite '.repeat(100))

  const fresh = await openHistoryStore(broken, 42)
  fresh.write(batch({ sums: [sum(NOW, 'Lead', { events: 1 })] }))

  expect(fresh.summary({ range: '1h', nowMs: NOW }).total).toEqual({ events: 1 })
  expect(readdirSync(folder)).toContain('broken.db.damaged-42')
  fresh.close()
})

it('lets nobody else read its files, also those that were readable before', async () => {
  const mine = join(folder, 'deeper', 'mine.db')
  const first = await openHistoryStore(mine, NOW)
  first.write(batch({ sums: [sum(NOW, 'Lead', { events: 1 })] }))
  first.close()
  chmodSync(mine, 0o644)

  const again = await openHistoryStore(mine, NOW)
  again.write(batch({ sums: [sum(NOW, 'Lead', { events: 1 })] }))

  const rights = readdirSync(join(folder, 'deeper')).map((name) => statSync(join(folder, 'deeper', name)).mode & 0o777)
  expect(rights).toEqual([0o600, 0o600, 0o600])
  expect(statSync(join(folder, 'deeper')).mode & 0o777).toBe(0o700)
  again.close()
})
