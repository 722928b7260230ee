import type { Mirror } from '@pixel-mirror/common'
import type { Happening } from '../observer.js'
import type { Prepared, Sender } from '../pipeline/received.js'
import { byRef } from '../queue/by-ref.js'
import type { Twin } from './api.js'
import { ageClass, count, latencyClass, names, type Counts } from './counts.js'

/** Where to count: the sums of one pixel and event name in the minute of a moment. Both are empty where there are none. */
export type CountsFor = (atMs: number, pixelId: string, eventName: string) => Counts

/** Recovered: Meta would not have heard of the event without this copy. */
const RECOVERED: readonly Twin[] = ['blocked', 'absent']

const twinName = names('twin')
const ageName = names('age')
const keyName = names('key')
const repairName = names('repair')
const moneyName = names('money')
const freshName = names('fresh')

/** Adds what happened to the sums. Never looks into an event's JSON: everything it needs was found before. */
export function countHappening(happening: Happening, countsFor: CountsFor): void {
  switch (happening.kind) {
    case 'ingested':
      return countIngested(happening, countsFor)
    case 'turned_away':
      return count(countsFor(happening.atMs, '', ''), `turned_away.${happening.reason}`)
    case 'attempted':
      return countAttempted(happening, countsFor)
    case 'settled':
      return countSettled(happening, countsFor)
    case 'alarm':
      return count(countsFor(happening.atMs, '', ''), `alarm.${happening.code}`)
    case 'answered':
    case 'lane':
      return
  }
}

export function twinOf(mirror: Mirror | undefined, sender: Sender): Twin {
  return mirror?.pixel ?? (sender === 'server' ? 'server' : 'unknown')
}

function countIngested(
  { received, prepared, stored }: Extract<Happening, { kind: 'ingested' }>,
  countsFor: CountsFor,
): void {
  const atMs = received.receivedAtMs
  // `stored` speaks of the events that were ready, in their order.
  let nextStored = 0
  for (const one of prepared) {
    switch (one.kind) {
      case 'ready': {
        const counts = countsFor(atMs, one.event.lane.pixelId, one.event.eventName)
        const as = stored[nextStored++] ?? 'stored'
        if (as === 'duplicate') countDropped(counts, 'duplicate')
        else if (as === 'refused') count(counts, 'rejected')
        else countStored(one, twinOf(one.mirror, received.sender), atMs, counts)
        break
      }
      case 'rejected': {
        const counts = countsFor(atMs, one.pixelId ?? '', one.eventName ?? '')
        count(counts, 'rejected')
        for (const { code } of one.issues) count(counts, `rejected.${code}`)
        break
      }
      case 'dropped': {
        countDropped(countsFor(atMs, one.pixelId, ''), one.reason)
        break
      }
    }
  }
}

function countDropped(counts: Counts, reason: string): void {
  count(counts, 'dropped')
  count(counts, `dropped.${reason}`)
}

function countStored(
  { event, repairs, matchKeys, money, ipv6 }: Extract<Prepared, { kind: 'ready' }>,
  twin: Twin,
  receivedAtMs: number,
  counts: Counts,
): void {
  count(counts, 'events')
  count(counts, twinName(twin))
  count(counts, ageName(ageClass(receivedAtMs - event.eventTimeMs)))
  if (event.eventId !== undefined) count(counts, 'id')
  if (ipv6) count(counts, 'ipv6')
  for (const key of matchKeys) count(counts, keyName(key))
  for (const { code } of repairs) count(counts, repairName(code))
  if (money) {
    count(counts, moneyName(money.currency), money.value)
    if (RECOVERED.includes(twin)) count(counts, `${moneyName(money.currency)}.recovered`, money.value)
  }
}

function countAttempted(
  { atMs, lane, attempt }: Extract<Happening, { kind: 'attempted' }>,
  countsFor: CountsFor,
): void {
  const { outcome, events, bytes, durationMs, usage } = attempt
  const counts = countsFor(atMs, lane.pixelId, '')
  count(counts, 'attempts')
  count(counts, 'attempts.events', events.length)
  count(counts, 'attempts.bytes', bytes)
  count(counts, latencyClass(durationMs))
  if (outcome.kind !== 'accepted') count(counts, `attempt.${outcome.kind}.${outcome.cause}`)
  if (usage !== undefined) counts['max.usage'] = Math.max(counts['max.usage'] ?? 0, usage)
}

function countSettled(
  { atMs, lane, events, verdicts }: Extract<Happening, { kind: 'settled' }>,
  countsFor: CountsFor,
): void {
  const eventOf = byRef(events)
  const countsOf = new Map<string, Counts>()
  verdicts.forEach((verdict, position) => {
    const event = eventOf(verdict.ref, position)
    if (!event || verdict.kind === 'free') return
    let counts = countsOf.get(event.eventName)
    if (counts === undefined) {
      counts = countsFor(atMs, lane.pixelId, event.eventName)
      countsOf.set(event.eventName, counts)
    }
    count(counts, verdict.kind)
    if (verdict.kind === 'delivered') {
      count(counts, freshName(ageClass(atMs - event.eventTimeMs)))
      count(counts, 'waitedMs', atMs - event.receivedAtMs)
    } else {
      count(counts, `${verdict.kind}.${verdict.reason.cause}`)
    }
  })
}
