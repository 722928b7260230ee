import { beforeEach, describe, expect, it } from 'vitest'
import { browserArrival, serverArrival } from '../../src/copies/arrival.js'
import { Ledger } from '../../src/copies/ledger.js'
import { readHit } from '../../src/pixel/browser-hit.js'

const HOUR_MS = 3_600_000
const about = { request: { number: 1, events: 1, version: 26 } }

let ledger: Ledger

beforeEach(() => {
  ledger = new Ledger('all', 1_000)
})

interface Copy {
  pixel?: string
  name?: string
  id?: string
  fbp?: string
  external?: string
}

function browser({ pixel = '42', name = 'Purchase', id = '', fbp = '', external = '' }: Copy, atMs = 0): void {
  const hit = readHit(Object.entries({ id: pixel, ev: name, eid: id, fbp, 'ud[external_id]': external }))
  ledger.take(browserArrival(hit), atMs)
}

function server({ pixel = '42', name = 'Purchase', id, fbp, external }: Copy, atMs = 0): void {
  const event = { event_name: name, event_id: id, user_data: { fbp, external_id: external && [external] } }
  ledger.take(
    serverArrival(pixel, event, about, () => []),
    atMs,
  )
}

const verdicts = () => ledger.copies().map(({ verdict, counted }) => [verdict, counted])

describe('a copy from each side, with one event id', () => {
  it.each([
    ['the browser first', () => (browser({ id: 'A' }), server({ id: 'A' }, 1_000))],
    ['the server first', () => (server({ id: 'A' }), browser({ id: 'A' }, 1_000))],
    ['just before 48 hours are over', () => (server({ id: 'A' }), browser({ id: 'A' }, 48 * HOUR_MS - 1))],
  ])('counts once: %s', (_, arrive) => {
    arrive()

    expect(verdicts()).toEqual([['once', 1]])
    expect(ledger.received().map(({ event_id, counted }) => [event_id, counted])).toEqual([
      ['A', true],
      ['A', false],
    ])
  })

  it('counts twice when 48 hours lie between them', () => {
    browser({ id: 'A' })
    server({ id: 'A' }, 48 * HOUR_MS)

    expect(verdicts()).toEqual([['duplicate', 2]])
  })

  it.each<[what: string, other: Copy]>([
    ['another pixel', { id: 'A', pixel: '43' }],
    ['another event name', { id: 'A', name: 'AddToCart' }],
    ['a name in other letters', { id: 'A', name: 'purchase' }],
    ['an id in other letters', { id: 'a' }],
    ['an id with a space', { id: 'A ' }],
  ])('counts both when the server says %s', (_, other) => {
    browser({ id: 'A' })
    server(other)

    expect(verdicts()).toEqual([
      ['browser_only', 1],
      ['server_only', 1],
    ])
  })
})

describe('copies from one side', () => {
  it('calls a copy without its twin by its side', () => {
    browser({ id: 'A' })
    server({ id: 'B' })

    expect(verdicts()).toEqual([
      ['browser_only', 1],
      ['server_only', 1],
    ])
  })

  it.each([
    ['server', () => (server({ id: 'A' }), server({ id: 'A' }, 1))],
    ['browser', () => (browser({ id: 'A' }), browser({ id: 'A' }, 1))],
    ['server, beside the browser’s', () => (browser({ id: 'A' }), server({ id: 'A' }), server({ id: 'A' }, 1))],
  ])('marks a second one as a duplicate, though it is counted once: %s', (_, arrive) => {
    arrive()

    expect(verdicts()).toEqual([['duplicate', 1]])
  })
})

describe('copies of which one has no id', () => {
  it.each<[what: string, first: Copy, second: Copy]>([
    ['by fbp, neither has one', { fbp: 'fb.1.1.1' }, { fbp: 'fb.1.1.1' }],
    ['by fbp, the browser has none', { fbp: 'fb.1.1.1' }, { fbp: 'fb.1.1.1', id: 'A' }],
    ['by fbp, the server has none', { fbp: 'fb.1.1.1', id: 'A' }, { fbp: 'fb.1.1.1' }],
    ['by external_id', { external: 'x' }, { external: 'x', fbp: 'fb.1.1.2' }],
  ])('are one if the browser’s came first: %s', (_, first, second) => {
    browser(first)
    server(second, HOUR_MS)

    expect(ledger.counts()).toMatchObject({ counted: 1, deduplicated: 1 })
    expect(verdicts()).toEqual([
      ['browser_only', 1],
      ['once', 0],
    ])
  })

  it.each([
    ['the server’s came first', () => (server({ fbp: 'f' }), browser({ fbp: 'f' }, 1))],
    ['48 hours lie between them', () => (browser({ fbp: 'f' }), server({ fbp: 'f' }, 48 * HOUR_MS))],
    ['it is another visitor', () => (browser({ fbp: 'f' }), server({ fbp: 'g' }))],
    ['nobody knows the visitor', () => (browser({}), server({}))],
    ['it is another event', () => (browser({ fbp: 'f' }), server({ fbp: 'f', name: 'Lead' }))],
    ['both have an id, and not the same', () => (browser({ fbp: 'f', id: 'A' }), server({ fbp: 'f', id: 'B' }))],
    ['both came from the server', () => (server({ fbp: 'f' }), server({ fbp: 'f' }, 1))],
  ])('are two if %s', (_, arrive) => {
    arrive()

    expect(ledger.counts()).toMatchObject({ counted: 2, deduplicated: 0 })
  })
})

describe('what is remembered', () => {
  it('counts exactly when nothing is kept', () => {
    ledger = new Ledger('counts', 10)

    for (let count = 0; count < 100; count++) server({ id: String(count) })
    browser({})

    expect(ledger.counts()).toEqual({
      browserCopies: 1,
      serverCopies: 100,
      counted: 101,
      deduplicated: 0,
      withoutId: 1,
    })
    expect([ledger.copies(), ledger.received()]).toEqual([[], []])
  })

  it('still pairs when only ids are kept', () => {
    ledger = new Ledger('ids', 10)

    browser({ id: 'A' })
    server({ id: 'A' })
    server({ id: 'A' })

    expect(ledger.copies()).toEqual([
      {
        pixel_id: '42',
        event_name: 'Purchase',
        event_id: 'A',
        verdict: 'duplicate',
        counted: 1,
        browserCopies: 1,
        serverCopies: 2,
        browser: [],
        server: [],
      },
    ])
  })

  it('forgets the oldest events first, and counts on', () => {
    ledger = new Ledger('all', 3)

    for (const id of ['A', 'B', 'C', 'D', 'E']) server({ id })

    expect(ledger.copies().map(({ event_id }) => event_id)).toEqual(['C', 'D', 'E'])
    expect(ledger.counts()).toMatchObject({ serverCopies: 5, counted: 5 })
  })

  it('keeps only the first copies of an event that comes over and over', () => {
    for (let count = 0; count < 1_000; count++) server({ id: 'A' })

    expect(ledger.copies()[0]).toMatchObject({ serverCopies: 1_000 })
    expect(ledger.received().length).toBeLessThan(50)
  })

  it('starts anew when told to forget', () => {
    browser({ id: 'A', fbp: 'f' })

    ledger.forget()
    server({ id: 'A', fbp: 'f' })

    expect(verdicts()).toEqual([['server_only', 1]])
    expect(ledger.counts()).toMatchObject({ browserCopies: 0, serverCopies: 1 })
  })
})
