import { Counter, Histogram, type Registry } from 'prom-client'
import type { Happening } from '../observer.js'
import type { Prepared } from '../pipeline/received.js'
import type { Pixels } from '../pixels.js'
import { eventNameLabel, firstWords, pixelLabel } from './labels.js'
import { Tally } from './tally.js'

/** With the queue `direct:` Meta has looked already. */
const REFUSED_BY_META = [{ code: 'refused_by_meta' }]

/** What came in, and what the pipeline made of it. */
export function createEventMetrics(registry: Registry, pixels: Pixels) {
  const received = new Tally({
    name: 'pixel_mirror_events_received_total',
    help: 'Events that are in the queue for good (a known copy is not counted).',
    labels: ['pixel', 'event_name', 'sender'],
    registry,
  })
  const recovered = new Tally({
    name: 'pixel_mirror_events_recovered_total',
    help: 'Events that Meta would not have heard of from the browser: its script was blocked, or is not on the page.',
    labels: ['pixel', 'event_name', 'browser_copy'],
    registry,
  })
  const dropped = new Tally({
    name: 'pixel_mirror_events_dropped_total',
    help: 'Events left out on purpose, by reason.',
    labels: ['pixel', 'reason'],
    registry,
  })
  const rejected = new Counter({
    name: 'pixel_mirror_events_rejected_total',
    help: 'Events refused because Meta would refuse them (or, with direct:, has).',
    registers: [registry],
  })
  const issues = new Tally({
    name: 'pixel_mirror_event_issues_total',
    help: 'What was wrong with refused events, by code; an event may have several.',
    labels: ['code'],
    registry,
  })
  const repairs = new Tally({
    name: 'pixel_mirror_event_repairs_total',
    help: 'What was mended so that an event could be sent, by code.',
    labels: ['code'],
    registry,
  })
  const matchKeys = new Tally({
    name: 'pixel_mirror_event_match_keys_total',
    help: 'Events that carry this key of user_data; divide by the events received for its coverage.',
    labels: ['pixel', 'key'],
    registry,
  })
  const requestEvents = new Histogram({
    name: 'pixel_mirror_http_request_events',
    help: 'Events in one request that was taken.',
    buckets: [1, 2, 5, 10, 20, 50, 100, 500, 1_000],
    registers: [registry],
  })
  const pixel = pixelLabel(pixels)
  const issueCode = firstWords(200)
  const repairCode = firstWords(200)
  const matchKey = firstWords(50)

  function ready({ event, repairs: mended, mirror, matchKeys: keys }: Prepared & { kind: 'ready' }, sender: string) {
    const pixelId = pixel(event.lane.pixelId)
    const name = eventNameLabel(event.eventName)
    received.add(1, pixelId, name, sender)
    if (mirror.pixel === 'blocked' || mirror.pixel === 'absent') recovered.add(1, pixelId, name, mirror.pixel)
    for (const { code } of mended) repairs.add(1, repairCode(code))
    for (const key of keys) matchKeys.add(1, pixelId, matchKey(key))
  }

  function refuse(reasons: readonly { code: string }[]) {
    rejected.inc()
    for (const { code } of reasons) issues.add(1, issueCode(code))
  }

  return {
    ingested({ received: { sender }, prepared, stored }: Happening & { kind: 'ingested' }): void {
      requestEvents.observe(prepared.length)
      // `stored` speaks of the ready ones alone, in their order.
      let nth = 0
      for (const one of prepared) {
        if (one.kind === 'ready') {
          const storedAs = stored[nth++]
          if (storedAs === 'duplicate') dropped.add(1, pixel(one.event.lane.pixelId), 'duplicate')
          else if (storedAs === 'refused') refuse(REFUSED_BY_META)
          else ready(one, sender)
        } else if (one.kind === 'dropped') {
          dropped.add(1, pixel(one.pixelId), one.reason)
        } else {
          refuse(one.issues)
        }
      }
    },
  }
}
