import { describe, expect, it } from 'vitest'
import { createMetrics } from '../../src/metrics/metrics.js'
import type { Happening } from '../../src/observer.js'
import type { Prepared, Received } from '../../src/pipeline/received.js'
import type { Pixels } from '../../src/pixels.js'
import type { Books, LaneStatus, LeasedEvent, QueueStatus, Verdict } from '../../src/queue/queue.js'

const PIXEL = '1234567890'
const lane = { pixelId: PIXEL }

/** As much of a queue as is asked when Prometheus asks. */
function queueThatSays(answer: { status?: Partial<QueueStatus>; lanes?: LaneStatus[]; books?: Books } | Error) {
  const asked = { times: 0 }
  const say = <T>(value: () => T): Promise<T> =>
    answer instanceof Error ? Promise.reject(answer) : Promise.resolve(value())
  const told = answer instanceof Error ? {} : answer
  const queue = {
    status: () => {
      asked.times++
      return say(() => ({ waitingEvents: 0, bytes: 0, maxBytes: 1_000, deadLetters: 0, ...told.status }))
    },
    lanes: () => say(() => told.lanes ?? []),
    books: () => say(() => told.books ?? { pixels: [] }),
  }
  return { queue, asked }
}

function pixelsWith(...ids: string[]): Pixels {
  const all = ids.map((id) => ({ id, allowedOrigins: [] }))
  return { get: (id) => all.find((pixel) => pixel.id === id), all: () => all, onChange: () => () => undefined }
}

function metricsOf(answer: Parameters<typeof queueThatSays>[0] = {}, now = () => 1_000_000) {
  const { queue, asked } = queueThatSays(answer)
  const metrics = createMetrics({ queue, pixels: pixelsWith(PIXEL), version: '1.2.3', now })
  /** The lines of the page that begin with this name. */
  const lines = async (name: string) => {
    const page = await metrics.registry.metrics()
    return page.split('\n').filter((line) => line.startsWith(`pixel_mirror_${name}`))
  }
  return { ...metrics, asked, lines }
}

const received: Received = { sender: 'browser', receivedAtMs: 0, prefetch: false }

function ready(eventName: string, more: Partial<Prepared & { kind: 'ready' }> = {}): Prepared {
  return {
    kind: 'ready',
    event: { lane, eventName, eventTimeMs: 0, deadlineMs: 0, json: '{}' },
    repairs: [],
    mirror: {},
    matchKeys: [],
    ...more,
  }
}

function ingested(prepared: Prepared[], stored?: ('stored' | 'duplicate')[]): Happening {
  const all = prepared.filter(({ kind }) => kind === 'ready').map(() => 'stored' as const)
  return { kind: 'ingested', received, prepared, stored: stored ?? all }
}

describe('createMetrics()', () => {
  it('counts what was stored by pixel, event name and sender', async () => {
    const { observe, lines } = metricsOf()

    observe(ingested([ready('Purchase'), ready('Purchase'), ready('PageView')]))

    expect(await lines('events_received_total')).toEqual([
      `pixel_mirror_events_received_total{pixel="${PIXEL}",event_name="Purchase",sender="browser"} 2`,
      `pixel_mirror_events_received_total{pixel="${PIXEL}",event_name="PageView",sender="browser"} 1`,
    ])
  })

  it('goes on counting between two scrapes', async () => {
    const { observe, lines } = metricsOf()

    observe(ingested([ready('Lead')]))
    await lines('events_received_total')
    observe(ingested([ready('Lead')]))
    await lines('events_received_total')

    expect(await lines('events_received_total')).toEqual([expect.stringMatching(/ 2$/)])
  })

  it('gives custom event names one series, however many there are', async () => {
    const { observe, lines } = metricsOf()

    for (let i = 0; i < 1_000; i++) observe(ingested([ready(`Invented${i}`)]))

    expect(await lines('events_received_total')).toEqual([
      `pixel_mirror_events_received_total{pixel="${PIXEL}",event_name="custom",sender="browser"} 1000`,
    ])
  })

  it('gives pixels that are not configured one series', async () => {
    const { observe, lines } = metricsOf()

    for (const pixelId of ['1', '2', '3']) observe(ingested([{ kind: 'dropped', pixelId, reason: 'bot' }]))

    expect(await lines('events_dropped_total')).toEqual([
      'pixel_mirror_events_dropped_total{pixel="other",reason="bot"} 3',
    ])
  })

  it('keeps codes and routes from growing without bound', async () => {
    const { observe, lines } = metricsOf()

    for (let i = 0; i < 1_000; i++) {
      observe(ingested([ready('Lead', { repairs: [{ code: `code_${i}`, path: '' }] })]))
      observe({ kind: 'answered', atMs: 0, route: `/${i}`, method: `M${i}`, status: 404, durationMs: 1 })
    }

    expect(await lines('event_repairs_total')).toHaveLength(201)
    expect(await lines('http_requests_total')).toHaveLength(101)
  })

  it('counts an event as recovered when the browser copy was blocked or absent', async () => {
    const { observe, lines } = metricsOf()

    const states = ['loaded', 'blocked', 'absent', 'blocked'] as const
    observe(ingested(states.map((pixel) => ready('Purchase', { mirror: { pixel } }))))

    expect(await lines('events_recovered_total')).toEqual([
      `pixel_mirror_events_recovered_total{pixel="${PIXEL}",event_name="Purchase",browser_copy="blocked"} 2`,
      `pixel_mirror_events_recovered_total{pixel="${PIXEL}",event_name="Purchase",browser_copy="absent"} 1`,
    ])
  })

  it('counts a known copy as dropped, and nothing else of it', async () => {
    const { observe, lines } = metricsOf()
    const rejected: Prepared = { kind: 'rejected', issues: [{ code: 'no_name', path: '', message: '' }] }
    const blocked = ready('Purchase', { mirror: { pixel: 'blocked' } })

    observe(ingested([rejected, blocked, ready('Lead')], ['duplicate', 'stored']))

    expect(await lines('events_dropped_total')).toEqual([expect.stringContaining('reason="duplicate"} 1')])
    expect(await lines('events_received_total')).toEqual([expect.stringContaining('event_name="Lead"')])
    expect(await lines('events_recovered_total')).toEqual([])
  })

  it('counts refused events once, and each thing that was wrong with them', async () => {
    const { observe, lines } = metricsOf()
    const issues = ['no_name', 'no_time'].map((code) => ({ code, path: '', message: '' }))

    observe(ingested([{ kind: 'rejected', issues }]))

    expect(await lines('events_rejected_total')).toEqual(['pixel_mirror_events_rejected_total 1'])
    expect(await lines('event_issues_total')).toEqual([
      'pixel_mirror_event_issues_total{code="no_name"} 1',
      'pixel_mirror_event_issues_total{code="no_time"} 1',
    ])
  })

  it('counts repairs by code and match keys by pixel', async () => {
    const { observe, lines } = metricsOf()
    const repairs = [{ code: 'currency_upper_case', path: 'custom_data.currency' }]

    observe(ingested([ready('Purchase', { repairs, matchKeys: ['em', 'fbp'] })]))

    expect(await lines('event_repairs_total')).toEqual([
      'pixel_mirror_event_repairs_total{code="currency_upper_case"} 1',
    ])
    expect(await lines('event_match_keys_total')).toEqual([
      `pixel_mirror_event_match_keys_total{pixel="${PIXEL}",key="em"} 1`,
      `pixel_mirror_event_match_keys_total{pixel="${PIXEL}",key="fbp"} 1`,
    ])
  })

  it('counts HTTP requests and measures them in seconds', async () => {
    const { observe, lines } = metricsOf()

    observe({ kind: 'answered', atMs: 0, route: '/events', method: 'POST', status: 200, durationMs: 30 })
    observe({ kind: 'turned_away', atMs: 0, status: 403, reason: 'origin' })

    expect(await lines('http_requests_total')).toEqual([
      'pixel_mirror_http_requests_total{route="/events",method="POST",status="200"} 1',
    ])
    expect(await lines('http_request_duration_seconds_sum')).toEqual([
      'pixel_mirror_http_request_duration_seconds_sum{route="/events"} 0.03',
    ])
    expect(await lines('http_turned_away_total')).toEqual(['pixel_mirror_http_turned_away_total{reason="origin"} 1'])
  })

  it('counts attempts by outcome and cause', async () => {
    const { observe, lines } = metricsOf()
    const attempt = { events: [], bytes: 10, durationMs: 500, bisecting: false }

    observe({ kind: 'attempted', atMs: 0, lane, attempt: { ...attempt, outcome: { kind: 'accepted' }, usage: 0.25 } })
    observe({
      kind: 'attempted',
      atMs: 0,
      lane,
      attempt: { ...attempt, bisecting: true, outcome: { kind: 'retry', cause: 'server_error', ambiguous: true } },
    })

    expect(await lines('relay_requests_total')).toEqual([
      `pixel_mirror_relay_requests_total{pixel="${PIXEL}",outcome="accepted",cause=""} 1`,
      `pixel_mirror_relay_requests_total{pixel="${PIXEL}",outcome="retry",cause="server_error"} 1`,
    ])
    expect(await lines('relay_bisect_requests_total')).toEqual([expect.stringMatching(/ 1$/)])
    expect(await lines('relay_limit_usage_ratio')).toEqual([expect.stringMatching(/ 0.25$/)])
  })

  it('counts what became of events, and measures the oldest delay', async () => {
    const { observe, lines } = metricsOf()
    const leased = (ref: string, receivedAtMs: number): LeasedEvent => ({
      ref,
      receivedAtMs,
      eventName: 'Lead',
      eventTimeMs: 0,
      deadlineMs: 0,
      json: '{}',
    })
    const verdicts: Verdict[] = [
      { ref: 'a', kind: 'delivered' },
      { ref: 'b', kind: 'delivered' },
      { ref: 'c', kind: 'dead', reason: { cause: 'refused_by_meta', message: 'No.' } },
    ]

    observe({ kind: 'settled', atMs: 5_000, lane, events: [leased('a', 1_000), leased('b', 4_000)], verdicts })

    expect(await lines('relay_events_total')).toEqual([
      `pixel_mirror_relay_events_total{pixel="${PIXEL}",result="delivered"} 2`,
      `pixel_mirror_relay_events_total{pixel="${PIXEL}",result="dead"} 1`,
    ])
    expect(await lines('relay_dead_letters_total')).toEqual([
      `pixel_mirror_relay_dead_letters_total{pixel="${PIXEL}",cause="refused_by_meta"} 1`,
    ])
    expect(await lines('relay_delivery_delay_seconds_sum')).toEqual(['pixel_mirror_relay_delivery_delay_seconds_sum 4'])
  })

  it('asks the queue once a scrape, and tells depth, bytes and age', async () => {
    const status = { waitingEvents: 7, bytes: 500, maxBytes: 900, oldestReceivedAtMs: 940_000, refusing: 'full' }
    const { asked, registry } = metricsOf({ status: { ...status, deadLetters: 3 } })

    const page = await registry.metrics()

    expect(asked.times).toBe(1)
    expect(page).toContain('\npixel_mirror_queue_up 1\n')
    expect(page).toContain('\npixel_mirror_queue_events{queue="local"} 7\n')
    expect(page).toContain('\npixel_mirror_queue_bytes{queue="local"} 500\n')
    expect(page).toContain('\npixel_mirror_queue_max_bytes{queue="local"} 900\n')
    expect(page).toContain('\npixel_mirror_queue_oldest_event_age_seconds{queue="local"} 60\n')
    expect(page).toContain('\npixel_mirror_queue_dead_letters{queue="local"} 3\n')
    expect(page).toContain('\npixel_mirror_queue_refusing{queue="local",reason="full"} 1\n')
    expect(page).toContain('\npixel_mirror_queue_refusing{queue="local",reason="disk_full"} 0\n')
  })

  it('shows the rest while the queue does not answer, and no old number of the queue', async () => {
    const { registry, observe } = metricsOf(new Error('away'))

    observe(ingested([ready('Lead')]))
    const page = await registry.metrics()

    expect(page).toContain('\npixel_mirror_queue_up 0\n')
    expect(page).not.toMatch(/^pixel_mirror_queue_events/m)
    expect(page).toMatch(/^pixel_mirror_events_received_total/m)
  })

  it('shows the books and their gap', async () => {
    const entry = {
      pixelId: PIXEL,
      received: 10,
      delivered: 5,
      dead: 1,
      expired: 1,
      waiting: 1,
      replayed: 0,
      lettersDropped: 0,
    }
    const { lines } = metricsOf({ books: { pixels: [{ ...entry, dropped: { duplicate: 1 } }] } })

    expect(await lines('books_received_events_total')).toEqual([expect.stringMatching(/ 10$/)])
    expect(await lines('books_dropped_events_total')).toEqual([expect.stringMatching(/reason="duplicate"} 1$/)])
    expect(await lines('books_gap_events')).toEqual([`pixel_mirror_books_gap_events{queue="local",pixel="${PIXEL}"} 1`])
  })

  it('tells the state of every lane, an idle one too', async () => {
    const hold = { kind: 'parked', reason: 'The token is not valid.', sinceMs: 0, untilMs: 0 } as const
    const parked = { lane: { pixelId: '99' }, waitingEvents: 4, waitingBytes: 40, hold }
    const { lines } = metricsOf({ lanes: [parked] })

    expect(await lines('lane_events')).toEqual([
      'pixel_mirror_lane_events{queue="local",pixel="other",lane="live"} 4',
      `pixel_mirror_lane_events{queue="local",pixel="${PIXEL}",lane="live"} 0`,
    ])
    expect(await lines('lane_state')).toContain(
      'pixel_mirror_lane_state{queue="local",pixel="other",lane="live",state="parked"} 1',
    )
    expect(await lines('lane_state')).toContain(
      `pixel_mirror_lane_state{queue="local",pixel="${PIXEL}",lane="live",state="flowing"} 1`,
    )
  })

  it('counts alarms by code, and says what runs', async () => {
    const { observe, lines } = metricsOf()

    observe({ kind: 'alarm', atMs: 0, code: 'books_gap', message: 'One event is missing.' })

    expect(await lines('alarms_total')).toEqual(['pixel_mirror_alarms_total{code="books_gap"} 1'])
    expect(await lines('build_info')).toEqual([expect.stringContaining('version="1.2.3"')])
  })
})
