import { Counter, Gauge, type Registry } from 'prom-client'
import type { Pixels } from '../pixels.js'
import {
  gap,
  type Books,
  type LaneKey,
  type LaneStatus,
  type PixelBooks,
  type Queue,
  type QueueStatus,
} from '../queue/queue.js'
import { pixelLabel } from './labels.js'

type AskedQueue = Pick<Queue, 'status' | 'lanes' | 'books'>

export interface QueueMetricsOptions {
  queue: AskedQueue
  pixels: Pixels
  /** Several collectors have this queue, and each tells all of it: then its numbers must not be added up. */
  shared: boolean
  now: () => number
}

interface Answer {
  status: QueueStatus
  lanes: LaneStatus[]
  books: Books
}

/** One series: its labels' values, in order, and its value. */
type Row = readonly [...labels: string[], value: number]

const REFUSALS = ['full', 'disk_full', 'read_only', 'closing', 'unreachable', 'outdated'] as const
const LANE_STATES = ['flowing', 'throttled', 'parked'] as const
const SUMS = ['received', 'delivered', 'dead', 'expired', 'replayed'] as const satisfies (keyof PixelBooks)[]

/**
 * What waits, and the books: asked of the queue each time Prometheus asks, and never in between.
 *
 * Each series has the label `queue`: `local` (this collector's own) or `shared` (all collectors tell the same).
 * A queue that does not answer must not hide the other metrics: then `pixel_mirror_queue_up` is 0 and its series are absent.
 */
export function createQueueMetrics(registry: Registry, { queue, pixels, shared, now }: QueueMetricsOptions): void {
  const pixel = pixelLabel(pixels)
  const ask = sharedQuestion(queue)
  const define = (kind: typeof Gauge | typeof Counter) => definer(registry, ask, kind, shared ? 'shared' : 'local')
  const gauge = define(Gauge)
  const counter = define(Counter)
  const ageSeconds = (sinceMs: number | undefined) => (sinceMs === undefined ? 0 : Math.max(0, now() - sinceMs) / 1_000)

  new Gauge({
    name: 'pixel_mirror_queue_up',
    help: '1 while the storage of the queue answers.',
    registers: [registry],
    async collect() {
      this.set((await ask()) ? 1 : 0)
    },
  })
  gauge('queue_events', 'Events that wait for Meta.', [], ({ status }) => [[status.waitingEvents]])
  gauge('queue_bytes', 'What the queue takes on disk, everything included.', [], ({ status }) => [[status.bytes]])
  gauge('queue_max_bytes', 'From here on the queue refuses events.', [], ({ status }) => [[status.maxBytes]])
  gauge('queue_oldest_event_age_seconds', 'How long the oldest waiting event has waited.', [], ({ status }) => [
    [ageSeconds(status.oldestReceivedAtMs)],
  ])
  gauge('queue_dead_letters', 'Dead letters that are kept.', [], ({ status }) => [[status.deadLetters]])
  gauge('queue_refusing', '1 for the reason for which events are refused right now.', ['reason'], ({ status }) =>
    REFUSALS.map((reason): Row => [reason, status.refusing === reason ? 1 : 0]),
  )

  // A lane of test events has a code in its name that its sender chose; all of a pixel's share one label.
  gauge('lane_events', 'Events that wait, by pixel.', ['pixel', 'lane'], ({ lanes }) =>
    everyLane(lanes).map((lane): Row => [...laneLabels(lane), lane.waitingEvents]),
  )
  gauge('lane_state', 'How many of these lanes are in this state.', ['pixel', 'lane', 'state'], ({ lanes }) =>
    everyLane(lanes).flatMap((lane) =>
      LANE_STATES.map((state): Row => [...laneLabels(lane), state, stateOf(lane) === state ? 1 : 0]),
    ),
  )

  for (const sum of SUMS) {
    counter(`books_${sum}_events_total`, `The queue's books, since it was made: ${sum}.`, ['pixel'], ({ books }) =>
      books.pixels.map((entry): Row => [pixel(entry.pixelId), entry[sum]]),
    )
  }
  counter(
    'books_dropped_events_total',
    "The queue's books, since it was made: left out on purpose, by reason.",
    ['pixel', 'reason'],
    ({ books }) =>
      books.pixels.flatMap(({ pixelId, dropped }) =>
        Object.entries(dropped).map(([reason, count]): Row => [pixel(pixelId), reason, count]),
      ),
  )
  gauge('books_waiting_events', "The queue's books: waiting.", ['pixel'], ({ books }) =>
    books.pixels.map((entry): Row => [pixel(entry.pixelId), entry.waiting]),
  )
  gauge(
    'books_gap_events',
    'Received less everything that is accounted for. Anything but 0 means lost or doubled events.',
    ['pixel'],
    ({ books }) => books.pixels.map((entry): Row => [pixel(entry.pixelId), gap(entry)]),
  )

  /** The queue names only lanes in which something waits; a pixel with nothing to do has its series all the same. */
  function everyLane(lanes: LaneStatus[]): LaneStatus[] {
    const idle = pixels.all().filter(({ id }) => !lanes.some(({ lane }) => isLive(lane) && lane.pixelId === id))
    return [...lanes, ...idle.map(({ id }) => ({ lane: { pixelId: id }, waitingEvents: 0, waitingBytes: 0 }))]
  }

  function laneLabels({ lane }: LaneStatus): [string, string] {
    return [pixel(lane.pixelId), isLive(lane) ? 'live' : 'test']
  }
}

function isLive({ testEventCode }: LaneKey): boolean {
  return testEventCode === undefined
}

function stateOf({ hold }: LaneStatus): (typeof LANE_STATES)[number] {
  return hold?.kind ?? 'flowing'
}

/** Every series of a scrape asks in the same turn, and all share one question. */
function sharedQuestion(queue: AskedQueue): () => Promise<Answer | undefined> {
  let asking: Promise<Answer | undefined> | undefined
  return () => {
    asking ??= Promise.all([queue.status(), queue.lanes(), queue.books()])
      .then(
        ([status, lanes, books]) => ({ status, lanes, books }),
        () => undefined,
      )
      .finally(() => {
        asking = undefined
      })
    return asking
  }
}

/** Makes metrics whose series are the rows of an answer; rows with the same labels are added up. */
function definer(
  registry: Registry,
  ask: () => Promise<Answer | undefined>,
  Kind: typeof Gauge | typeof Counter,
  queue: 'local' | 'shared',
) {
  return (name: string, help: string, labelNames: readonly string[], rows: (answer: Answer) => Row[]): void => {
    new Kind<string>({
      name: `pixel_mirror_${name}`,
      help,
      labelNames: ['queue', ...labelNames],
      registers: [registry],
      async collect() {
        const answer = await ask()
        this.reset()
        for (const row of answer ? rows(answer) : []) {
          const labels = Object.fromEntries(labelNames.map((label, index) => [label, String(row[index])]))
          this.inc({ queue, ...labels }, row[labelNames.length] as number)
        }
      },
    })
  }
}
