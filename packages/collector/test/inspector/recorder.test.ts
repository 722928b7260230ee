import { beforeEach, describe, expect, it } from 'vitest'
import { openHistoryStore } from '../../src/inspector/history-file.js'
import { historyHere } from '../../src/inspector/history-thread.js'
import type { History, HistoryBatch } from '../../src/inspector/history.js'
import { createRecorder, OTHER_NAMES, type News, type Recorder } from '../../src/inspector/recorder.js'
import { attempted, ingested, leased, PIXEL, ready, settled } from './happenings.js'

const NOW = 1_773_145_830_000

let history: History
let news: News[]
let problems: string[]
let recorder: Recorder

beforeEach(async () => {
  history = historyHere(await openHistoryStore(':memory:', NOW))
  news = []
  problems = []
  recorder = record(history)
})

const record = (into: History) =>
  createRecorder({
    history: into,
    now: () => NOW,
    onWritten: (one) => news.push(one),
    onProblem: (message) => problems.push(message),
  })

describe('what is picked', () => {
  it('is followed from the request to the answer of Meta', async () => {
    const event = ready({ atMs: NOW, eventId: 'e1', pixel: 'blocked' })
    const waiting = leased(event, NOW)
    recorder.observe(ingested([event], { receivedAtMs: NOW, origin: 'https://shop.example', fbp: 'fb.1.2.3' }))
    await recorder.flush()
    recorder.observe(attempted([waiting], NOW + 900, { kind: 'retry', cause: 'throttled', ambiguous: false }))
    recorder.observe(attempted([waiting], NOW + 9_000))
    recorder.observe(settled([waiting], NOW + 9_100))
    await recorder.flush()

    const [row] = await history.events({ limit: 10 })
    const story = await history.event(row?.id ?? 0)

    expect(row).toMatchObject({ eventName: 'Purchase', twin: 'blocked', state: 'delivered' })
    expect(story).toMatchObject({
      came: { origin: 'https://shop.example', address: '203.0.113.x', fbpCookie: true, fbcCookie: false },
      attempts: [
        { outcome: 'retry', cause: 'throttled', remedy: expect.stringContaining('Nothing to do') as string },
        { outcome: 'accepted', fbtraceId: 'AbC' },
      ],
      settled: { kind: 'delivered', atMs: NOW + 9_100 },
    })
    expect(news.map(({ rows, states }) => [rows.length, states.map(({ state }) => state)])).toEqual([
      [1, []],
      [0, ['retrying', 'delivered']],
    ])
  })

  it('is followed on after a restart', async () => {
    const event = ready({ atMs: NOW, eventId: 'e1' })
    recorder.observe(ingested([event], { receivedAtMs: NOW }))
    await recorder.flush()

    const next = record(history)
    await history.waiting()
    next.observe(settled([leased(event, NOW)], NOW + 60_000, 'dead'))
    await next.flush()

    expect(await history.events({ limit: 1 })).toMatchObject([{ state: 'dead' }])
  })

  it('is followed by a hash where the site has put an e-mail address into the id', async () => {
    const event = ready({ atMs: NOW, eventId: 'jane@example.com/1' })
    recorder.observe(ingested([event], { receivedAtMs: NOW }))
    recorder.observe(settled([leased(event, NOW)], NOW + 9_000))
    await recorder.flush()

    expect(await history.events({ limit: 1 })).toMatchObject([{ eventId: '[e-mail]/1', state: 'delivered' }])
  })

  it('holds nothing personal in plain form', async () => {
    const event = ready({
      atMs: NOW,
      eventName: 'Order by jane.doe@example.com',
      eventId: 'order of jane.doe@example.com',
      userData: {
        client_ip_address: '198.51.100.77',
        fbp: 'fb.1.1596403881668.1116446470',
        external_id: 'jane-4711-x',
      },
    })
    recorder.observe(
      ingested([event], { receivedAtMs: NOW, clientIpAddress: '198.51.100.77', fbp: 'fb.1.2.1116446470' }),
    )
    await recorder.flush()

    const [row] = await history.events({ limit: 1 })
    const told = JSON.stringify([
      row,
      await history.event(row?.id ?? 0),
      news,
      await history.waiting(),
      await history.summary({ range: '1h', nowMs: NOW }),
    ])

    for (const secret of ['198.51.100.77', '1116446470', 'jane', '4711', event.event.json.slice(200, 264)]) {
      expect(told).not.toContain(secret)
    }
  })
})

describe('under load', () => {
  it('counts every event and picks few', async () => {
    for (let n = 0; n < 3_000; n++) {
      recorder.observe(ingested([ready({ atMs: NOW, eventId: `e${n}` })], { receivedAtMs: NOW }))
    }
    await recorder.flush()

    const { total } = await history.summary({ range: '1h', nowMs: NOW })

    expect(total['events']).toBe(3_000)
    expect(await history.events({ limit: 100 })).toHaveLength(40)
  })

  it('still shows what was refused', async () => {
    for (let n = 0; n < 100; n++) recorder.observe(ingested([ready({ atMs: NOW })], { receivedAtMs: NOW }))
    recorder.observe(ingested([{ kind: 'rejected', issues: [] }], { receivedAtMs: NOW }))
    await recorder.flush()

    expect(await history.events({ limit: 100, states: ['rejected'] })).toHaveLength(1)
  })

  it('lets one event name stand for all when there are too many', async () => {
    for (let n = 0; n < 500; n++) {
      recorder.observe(ingested([ready({ atMs: NOW, eventName: `Name${n}` })], { receivedAtMs: NOW }))
    }
    await recorder.flush()

    const { names, total } = await history.summary({ range: '1h', nowMs: NOW })

    expect(names).toHaveLength(201)
    expect(names[0]).toMatchObject({ eventName: OTHER_NAMES, counts: { events: 300 } })
    expect(total['events']).toBe(500)
  })

  it('does not wait for a slow history: numbers are gathered, surplus picked events left out and counted', async () => {
    const batches: HistoryBatch[] = []
    let written = (): void => undefined
    const slow: History = {
      ...history,
      write: async (batch) => {
        batches.push(batch)
        if (batches.length === 1) await new Promise<void>((resolve) => (written = resolve))
      },
    }
    const busy = record(slow)
    busy.observe(ingested([ready({ atMs: NOW })], { receivedAtMs: NOW }))
    const first = busy.flush()
    for (let second = 1; second <= 200; second++) {
      for (let n = 0; n < 50; n++) {
        busy.observe(ingested([ready({ atMs: NOW })], { receivedAtMs: NOW + second * 1_000 }))
      }
    }

    expect(busy.samplesLeftOut()).toBe(200 * 40 - 5_000)

    written()
    await first
    await busy.flush()

    const counted = batches.flatMap(({ sums }) => sums).reduce((sum, { counts }) => sum + (counts['events'] ?? 0), 0)
    expect(counted).toBe(1 + 200 * 50)
  })
})

it('says what is wrong when the history cannot be written, and goes on', async () => {
  const broken = record({ ...history, write: () => Promise.reject(new Error('disk is full')) })
  broken.observe(ingested([ready({ atMs: NOW })], { receivedAtMs: NOW }))
  await broken.flush()
  broken.observe(ingested([ready({ atMs: NOW })], { receivedAtMs: NOW }))

  expect(problems).toEqual(['disk is full'])
})

it('sums up per pixel', async () => {
  recorder.observe(ingested([ready({ atMs: NOW })], { receivedAtMs: NOW }))
  await recorder.flush()

  expect((await history.summary({ range: '1h', nowMs: NOW, pixelId: PIXEL })).total['events']).toBe(1)
  expect((await history.summary({ range: '1h', nowMs: NOW, pixelId: '2' })).total['events']).toBeUndefined()
})
