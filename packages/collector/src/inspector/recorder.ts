import type { Observe } from '../observer.js'
import type { FlowRow, Note } from './api.js'
import { countHappening } from './count-happening.js'
import { count, type Counts } from './counts.js'
import { createFlow, flowRow, type Sample, type Step } from './flow.js'
import type { History, HistoryBatch } from './history.js'
import { notesOf } from './notes.js'
import { redactWord } from './redact-event.js'

export interface RecorderOptions {
  history: History
  now: () => number
  /** Told after each write, with the picked events that were added or went on. */
  onWritten: (news: News) => void
  onProblem: (message: string) => void
  /** How long what happened is gathered before it is written. */
  gatherMs?: number
}

/** What changed in the Flow view: new lines, and new states of old ones. */
export interface News {
  rows: FlowRow[]
  states: { id: number; state: FlowRow['state'] }[]
}

export interface Recorder {
  observe: Observe
  /** Raises a level, for example `max.waiting`. */
  level(name: string, value: number): void
  /** Picked events that were left out because the history did not keep up, since the start. */
  samplesLeftOut(): number
  /** Writes what is gathered; resolves when it is written. */
  flush(): Promise<void>
  close(): Promise<void>
}

/** An event name is free text from outside: beyond so many in a minute they share one. */
const NAMES_A_MINUTE = 200
export const OTHER_NAMES = '(other names)'

/** Picked events and steps that may wait while a write is under way. */
const GATHERED_AT_MOST = 5_000

/**
 * Between what happens and the history: gathers for a moment, hands over one batch, and gathers on until it is written.
 *
 * `observe()` only adds numbers and, for few events a second, keeps a reference. Under pressure picked events are left out
 * and counted; numbers never are.
 */
export function createRecorder({ history, now, onWritten, onProblem, gatherMs = 250 }: RecorderOptions): Recorder {
  let sums = new Map<number, Map<string, Map<string, Counts>>>()
  let samples: Sample[] = []
  let steps: Step[] = []
  let notes = new Map<string, Note>()
  let leftOut = 0
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> | undefined
  let closed = false

  const flow = createFlow(
    (sample) => (samples.length < GATHERED_AT_MOST ? samples.push(sample) : leftOut++),
    (step) => (steps.length < GATHERED_AT_MOST ? steps.push(step) : leftOut++),
  )

  // Events picked before a restart go on being followed. Until then nothing of theirs can be missed: leases come later.
  history.waiting().then(
    (waiting) => flow.follow(waiting),
    (error: unknown) => onProblem(messageOf(error)),
  )

  function countsFor(atMs: number, pixelId: string, eventName: string): Counts {
    const minute = entry(sums, Math.floor(atMs / 60_000) * 60_000, () => new Map<string, Map<string, Counts>>())
    const names = entry(minute, pixelId, () => new Map<string, Counts>())
    const shown = redactWord(eventName)
    const name = names.size < NAMES_A_MINUTE || names.has(shown) ? shown : OTHER_NAMES
    return entry(names, name, () => ({}))
  }

  function schedule(): void {
    if (timer || writing || closed) return
    timer = setTimeout(() => void flush(), gatherMs)
    timer.unref()
  }

  function flush(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    if (writing) return writing.then(flush)
    const batch = take()
    if (!batch) return Promise.resolve()
    writing = history
      .write(batch)
      .then(
        () => onWritten(newsOf(batch)),
        (error: unknown) => onProblem(messageOf(error)),
      )
      .finally(() => {
        writing = undefined
        if (sums.size > 0 || samples.length > 0 || steps.length > 0) schedule()
      })
    return writing
  }

  function take(): HistoryBatch | undefined {
    if (sums.size === 0 && samples.length === 0 && steps.length === 0 && notes.size === 0) return undefined
    const batch: HistoryBatch = {
      nowMs: now(),
      sums: [...sums].flatMap(([minuteMs, pixels]) =>
        [...pixels].flatMap(([pixelId, names]) =>
          [...names].map(([eventName, counts]) => ({ minuteMs, pixelId, eventName, counts })),
        ),
      ),
      samples,
      steps,
      notes: [...notes.values()],
    }
    sums = new Map()
    samples = []
    steps = []
    notes = new Map()
    return batch
  }

  return {
    observe(happening) {
      if (closed) return
      countHappening(happening, countsFor)
      flow.observe(happening)
      for (const note of notesOf(happening)) notes.set(`${note.kind} ${note.cause} ${note.pixelId}`, note)
      schedule()
    },
    level(name, value) {
      const counts = countsFor(now(), '', '')
      if (value > (counts[name] ?? 0)) counts[name] = value
      else count(counts, name, 0)
      schedule()
    },
    samplesLeftOut: () => leftOut,
    flush,
    async close() {
      closed = true
      await flush()
      await history.close()
    },
  }
}

function newsOf({ samples, steps }: HistoryBatch): News {
  const states = steps.flatMap((step) => {
    const state = step.kind === 'settled' ? step.settled.kind : step.state
    return state ? [{ id: step.id, state }] : []
  })
  return {
    rows: samples.map(({ event }) => flowRow(event)),
    states,
  }
}

function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key)
  if (value === undefined) map.set(key, (value = make()))
  return value
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
