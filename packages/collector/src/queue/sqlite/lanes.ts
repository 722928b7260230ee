import type { LaneHold, LaneKey } from '../queue.js'
import { readAs, textOf } from './columns.js'
import { DamageError } from './damage.js'
import type { Database, Row } from './driver.js'
import type { Sum } from './schema.js'
import { SUMS } from './schema.js'

/** A lane as the queue's thread knows it: its row, and what is leased of it. */
export interface Lane {
  id: number
  key: LaneKey
  sums: Record<Sum, number>
  hold?: LaneHold
  /** Leased events. Only in memory: a crash offers them again. */
  leased: number
  /** No chunk before this one has a free event. */
  firstFreeChunk: number
}

/** All lanes and their sums, read once at start: as many rows as lanes, whatever waits in them. */
export interface Lanes {
  all(): Iterable<Lane>
  get(key: LaneKey): Lane | undefined
  add(lane: Lane): void
  remove(lane: Lane): void
  /** An id that no lane has. */
  nextId(): number
}

export const LANE_COLUMNS = readAs({
  id: 'INTEGER',
  key: 'BLOB',
  hold: 'BLOB',
  ...Object.fromEntries(SUMS.map((sum) => [sum, 'INTEGER' as const])),
})

export function loadLanes(db: Database): Lanes {
  const lanes = new Map<string, Lane>()
  let highestId = 0

  function add(lane: Lane): void {
    lanes.set(nameOf(lane.key), lane)
    highestId = Math.max(highestId, lane.id)
  }

  for (const row of db.prepare(`SELECT ${LANE_COLUMNS} FROM lane`).all()) add(laneOf(row))

  return {
    all: () => lanes.values(),
    get: (key) => lanes.get(nameOf(key)),
    add,
    remove: (lane) => void lanes.delete(nameOf(lane.key)),
    nextId: () => highestId + 1,
  }
}

export function newLane(id: number, key: LaneKey): Lane {
  const sums = Object.fromEntries(SUMS.map((sum) => [sum, 0])) as Record<Sum, number>
  return { id, key, sums, leased: 0, firstFreeChunk: 0 }
}

/** @throws when the row makes no sense */
export function laneOf(row: Row): Lane {
  const lane = newLane(row['id'] as number, parseLaneKey(textOf(row['key'])))
  for (const sum of SUMS) {
    const count = row[sum]
    if (typeof count !== 'number' || count < 0) throw new DamageError(`A lane counts ${String(count)} ${sum}.`)
    lane.sums[sum] = count
  }
  const hold = textOf(row['hold'])
  if (hold !== '') lane.hold = JSON.parse(hold) as LaneHold
  return lane
}

/** A lane's key as it is stored. */
export const formatLaneKey = ({ pixelId, testEventCode }: LaneKey) => JSON.stringify([pixelId, testEventCode ?? null])

export function parseLaneKey(text: string): LaneKey {
  const [pixelId, testEventCode] = JSON.parse(text) as [string, string | null]
  return testEventCode === null ? { pixelId } : { pixelId, testEventCode }
}

/** Cheaper than JSON for the map; a line break can be in neither part, or it would only be another name. */
const nameOf = ({ pixelId, testEventCode }: LaneKey) =>
  testEventCode === undefined ? pixelId : `${pixelId}\n${testEventCode}`

/** What is left of received when all that became of the events is taken away: 0, or something is wrong. */
export function gapOf(sums: Record<Sum, number>): number {
  const { received, delivered, dead, expired, waiting, duplicate, bot, prefetch, vetoed, purged } = sums
  return received - (delivered + dead + expired + waiting + duplicate + bot + prefetch + vetoed + purged)
}

/** How many dead letters there are. */
export const lettersOf = ({ dead, expired, replayed, letters_dropped }: Record<Sum, number>) =>
  dead + expired - replayed - letters_dropped
