import type { FlowEvent, FlowRow, Note, Summary } from './api.js'
import { addCounts, type Counts } from './counts.js'
import { flowRow, type Sample, type Step } from './flow.js'
import {
  HISTORY_LIMITS,
  type EventsQuery,
  type HistoryBatch,
  type HistoryLimits,
  type SummaryQuery,
} from './history.js'
import { RANGES, SPANS, windowOf, type Span } from './range.js'
import { redactEvent } from './redact-event.js'
import type { Database } from '../queue/sqlite/driver.js'

/**
 * The history in one SQLite file; synchronous, so it lives in a thread of its own (`history-thread.ts`).
 *
 *     sums    (span, at, pixel_id, event_name) → numbers by name, as JSON
 *     events  id → one picked event and its story, as JSON, redacted
 *     notes   (kind, cause, pixel_id) → the last words about it
 */
const SCHEMA = `
CREATE TABLE IF NOT EXISTS sums (
  span TEXT NOT NULL, at INTEGER NOT NULL, pixel_id TEXT NOT NULL, event_name TEXT NOT NULL, counts TEXT NOT NULL,
  PRIMARY KEY (span, at, pixel_id, event_name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events (
  id INTEGER PRIMARY KEY, pixel_id TEXT NOT NULL, event_name TEXT NOT NULL, event_id TEXT, state TEXT NOT NULL,
  follow_key TEXT, story TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS events_followed ON events (id) WHERE follow_key IS NOT NULL;
CREATE TABLE IF NOT EXISTS notes (
  kind TEXT NOT NULL, cause TEXT NOT NULL, pixel_id TEXT NOT NULL, at INTEGER NOT NULL, note TEXT NOT NULL,
  PRIMARY KEY (kind, cause, pixel_id)
) WITHOUT ROWID;
`

/** No sync at each commit: what a crash of the machine takes is the last seconds of a history. */
const PRAGMAS = ['busy_timeout = 5000', 'journal_mode = WAL', 'synchronous = NORMAL', 'cache_size = -4000']

/** Attempts of one event that are kept: the first few and the last few tell the story. */
const ATTEMPTS_KEPT = { first: 3, last: 7 }

/** Names of numbers that the charts draw; the others are only summed, which keeps the answer small. */
const CHARTED =
  /^(events$|twin\.|delivered$|dead$|expired$|rejected$|dropped$|attempts|latency\.|max\.|money\..*\.recovered$)/

const PRUNE_EVERY_MS = 60_000

export interface HistoryStore {
  waiting(): { id: number; key: string }[]
  write(batch: HistoryBatch): void
  summary(query: SummaryQuery): Omit<Summary, 'nowMs'>
  events(query: EventsQuery): FlowRow[]
  event(id: number): FlowEvent | undefined
  close(): void
}

export function createHistoryStore(db: Database, limits: HistoryLimits = HISTORY_LIMITS): HistoryStore {
  for (const pragma of PRAGMAS) db.prepare(`PRAGMA ${pragma}`).all()
  db.exec(SCHEMA)

  const readSum = db.prepare('SELECT counts FROM sums WHERE span = ? AND at = ? AND pixel_id = ? AND event_name = ?')
  const writeSum = db.prepare(
    'INSERT OR REPLACE INTO sums (span, at, pixel_id, event_name, counts) VALUES (?, ?, ?, ?, ?)',
  )
  const writeEvent = db.prepare(
    'INSERT OR REPLACE INTO events (id, pixel_id, event_name, event_id, state, follow_key, story) VALUES (?, ?, ?, ?, ?, ?, ?)',
  )
  const readEvent = db.prepare('SELECT story, follow_key FROM events WHERE id = ?')
  const writeNote = db.prepare('INSERT OR REPLACE INTO notes (kind, cause, pixel_id, at, note) VALUES (?, ?, ?, ?, ?)')
  let prunedAtMs = -Infinity

  function addSum({ minuteMs, pixelId, eventName, counts }: HistoryBatch['sums'][number]): void {
    for (const [span, { widthMs }] of Object.entries(SPANS)) {
      const at = Math.floor(minuteMs / widthMs) * widthMs
      const row = readSum.get(span, at, pixelId, eventName) as { counts: string } | undefined
      const sum = row ? (JSON.parse(row.counts) as Counts) : {}
      addCounts(sum, counts)
      writeSum.run(span, at, pixelId, eventName, JSON.stringify(sum))
    }
  }

  function addSample({ event, json, key }: Sample): void {
    const story: FlowEvent = json === undefined ? event : { ...event, sent: redactEvent(json) }
    put(story, key ?? null)
  }

  function put(story: FlowEvent, followKey: string | null): void {
    const { id, pixelId, eventName, eventId, state } = story
    writeEvent.run(id, pixelId, eventName, eventId ?? null, state, followKey, JSON.stringify(story))
  }

  function addStep(step: Step): void {
    const row = readEvent.get(step.id) as { story: string; follow_key: string | null } | undefined
    if (!row) return
    const next = afterStep(JSON.parse(row.story) as FlowEvent, step)
    put(next, step.kind === 'settled' ? null : row.follow_key)
  }

  function prune(nowMs: number): void {
    if (nowMs - prunedAtMs < PRUNE_EVERY_MS) return
    prunedAtMs = nowMs
    for (const [span, { keptMs }] of Object.entries(SPANS)) {
      db.prepare('DELETE FROM sums WHERE span = ? AND at < ?').run(span, nowMs - keptMs)
    }
    // Too many pixels or names: the oldest minutes go first, hours last.
    const { rows } = db.prepare('SELECT count(*) AS rows FROM sums').get() as { rows: number }
    if (rows > limits.sums) {
      db.prepare(
        `DELETE FROM sums WHERE (span, at, pixel_id, event_name) IN
         (SELECT span, at, pixel_id, event_name FROM sums ORDER BY span DESC, at LIMIT ?)`,
      ).run(rows - limits.sums)
    }
    db.prepare('DELETE FROM events WHERE id <= (SELECT id FROM events ORDER BY id DESC LIMIT 1 OFFSET ?)').run(
      limits.events,
    )
    db.prepare('DELETE FROM events WHERE id < ?').run((nowMs - limits.eventsKeptMs) * 1_000)
    db.prepare('DELETE FROM notes WHERE at <= (SELECT at FROM notes ORDER BY at DESC LIMIT 1 OFFSET ?)').run(
      limits.notes,
    )
  }

  return {
    waiting() {
      return db.prepare('SELECT id, follow_key AS key FROM events WHERE follow_key IS NOT NULL ORDER BY id').all() as {
        id: number
        key: string
      }[]
    },

    write({ nowMs, sums, samples, steps, notes }) {
      db.exec('BEGIN IMMEDIATE')
      try {
        sums.forEach(addSum)
        samples.forEach(addSample)
        steps.forEach(addStep)
        for (const note of notes) writeNote.run(note.kind, note.cause, note.pixelId, note.atMs, JSON.stringify(note))
        prune(nowMs)
        db.exec('COMMIT')
      } catch (error) {
        db.exec('ROLLBACK')
        throw error
      }
    },

    summary({ range, nowMs, offsetMinutes, pixelId, eventName }) {
      const { stepMs, span } = RANGES[range]
      const { fromMs, toMs } = windowOf(range, nowMs, offsetMinutes)
      const total: Counts = {}
      const points = new Map<number, Counts>()
      const names = new Map<string, Counts>()
      for (const row of sumsBetween(db, span, fromMs, toMs, pixelId)) {
        const counts = JSON.parse(row.counts) as Counts
        if (row.event_name !== '') addCounts(entry(names, row.event_name), counts)
        // What belongs to no event (requests, latency) stays when one event name is looked at.
        if (eventName !== undefined && row.event_name !== '' && row.event_name !== eventName) continue
        addCounts(total, counts)
        addCounts(entry(points, fromMs + Math.floor((row.at - fromMs) / stepMs) * stepMs), charted(counts))
      }
      return {
        fromMs,
        toMs,
        stepMs,
        total,
        points: [...points].sort(([a], [b]) => a - b).map(([atMs, counts]) => ({ atMs, counts })),
        names: [...names]
          .map(([name, counts]) => ({ eventName: name, counts }))
          .sort((a, b) => (b.counts['events'] ?? 0) - (a.counts['events'] ?? 0)),
        notes: notesSince(db, fromMs, pixelId),
      }
    },

    events({ limit, before, after, pixelId, eventName, states, search }) {
      const wheres: [sql: string, ...values: (string | number)[]][] = []
      if (before !== undefined) wheres.push(['id < ?', before])
      if (after !== undefined) wheres.push(['id > ?', after])
      if (pixelId !== undefined) wheres.push(['pixel_id = ?', pixelId])
      if (eventName !== undefined) wheres.push(['event_name = ?', eventName])
      if (states) wheres.push([`state IN (${states.map(() => '?').join()})`, ...states])
      if (search)
        wheres.push(["instr(lower(event_name || char(10) || coalesce(event_id, '')), ?) > 0", search.toLowerCase()])
      const where = wheres.length === 0 ? '' : `WHERE ${wheres.map(([sql]) => sql).join(' AND ')}`
      const values = wheres.flatMap(([, ...rest]) => rest)
      const rows = db.prepare(`SELECT story FROM events ${where} ORDER BY id DESC LIMIT ?`).all(...values, limit)
      return (rows as { story: string }[]).map(({ story }) => flowRow(JSON.parse(story) as FlowEvent))
    },

    event(id) {
      const row = readEvent.get(id) as { story: string } | undefined
      return row && (JSON.parse(row.story) as FlowEvent)
    },

    close() {
      db.close()
    },
  }
}

/** One event after something became of it. */
function afterStep(event: FlowEvent, step: Step): FlowEvent {
  if (step.kind === 'settled') return { ...event, state: step.settled.kind, settled: step.settled }
  const attempts = [...event.attempts, step.attempt]
  const tooMany = attempts.length - ATTEMPTS_KEPT.first - ATTEMPTS_KEPT.last
  if (tooMany > 0) attempts.splice(ATTEMPTS_KEPT.first, tooMany)
  return {
    ...event,
    state: step.state ?? event.state,
    attempts,
    attemptsLeftOut: event.attemptsLeftOut + Math.max(0, tooMany),
  }
}

type SumRow = { at: number; event_name: string; counts: string }

function sumsBetween(db: Database, span: Span, fromMs: number, toMs: number, pixelId?: string): SumRow[] {
  const select = 'SELECT at, event_name, counts FROM sums WHERE span = ? AND at >= ? AND at < ?'
  return (
    pixelId === undefined
      ? db.prepare(select).all(span, fromMs, toMs)
      : db.prepare(`${select} AND pixel_id IN ('', ?)`).all(span, fromMs, toMs, pixelId)
  ) as SumRow[]
}

function notesSince(db: Database, fromMs: number, pixelId?: string): Note[] {
  const rows = db.prepare('SELECT note FROM notes WHERE at >= ? ORDER BY at DESC LIMIT 100').all(fromMs) as {
    note: string
  }[]
  const notes = rows.map(({ note }) => JSON.parse(note) as Note)
  return pixelId === undefined ? notes : notes.filter((note) => note.pixelId === '' || note.pixelId === pixelId)
}

function charted(counts: Counts): Counts {
  return Object.fromEntries(Object.entries(counts).filter(([name]) => CHARTED.test(name)))
}

function entry<K>(map: Map<K, Counts>, key: K): Counts {
  let counts = map.get(key)
  if (!counts) map.set(key, (counts = {}))
  return counts
}
