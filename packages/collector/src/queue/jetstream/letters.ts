/**
 * Dead letters: buried by the page that counts them, in the same message. They stay where they are until each of a message is replayed
 * or dropped. A letter is named by its message and its place in it, so the newest has the greatest name.
 */
import { matches } from '../dead-letter-filter.js'
import type {
  DeadLetter,
  DeadLetterFilter,
  DeadLetters,
  DeathReason,
  LaneKey,
  LeasedEvent,
  QueuedEvent,
  Verdict,
} from '../queue.js'
import { bodyText, factsText } from '../postgres/chunk.js'
import type { Bodies } from './bodies.js'
import { asQueueError } from './connection.js'
import { chunkFacts } from './intake.js'
import type { LogState } from './log-state.js'
import type { Nodes } from './nodes.js'
import type { Burial, Pages } from './pages.js'
import type { LetterBox, PixelState } from './pixel-state.js'
import type { Publisher } from './publisher.js'
import { toRanges } from './ranges.js'

/** Letters of one page. */
export const MAX_BURIED = 500
export const MAX_BURIED_BYTES = 400 * 1024

/** eventName, eventId, eventTimeMs, deadlineMs, receivedAtMs, reason */
type LetterLine = [string, string | null, number, number, number, DeathReason]

export function burialOf(
  { testEventCode = '' }: LaneKey,
  buried: readonly [LeasedEvent, Extract<Verdict, { kind: 'dead' | 'expired' }>][],
  diedAtMs: number,
): Burial | undefined {
  if (buried.length === 0) return undefined
  const runs: Burial['letters']['runs'] = []
  for (const [, { kind, reason }] of buried) {
    const last = runs.at(-1)
    if (last && last[0] === kind && last[1] === reason.cause) last[3]++
    else runs.push([kind, reason.cause, testEventCode, 1])
  }
  const lines = buried.flatMap(([event, { reason }]) => {
    const { eventName, eventId, eventTimeMs, deadlineMs, receivedAtMs, json } = event
    const facts: LetterLine = [eventName, eventId ?? null, eventTimeMs, deadlineMs, receivedAtMs, reason]
    return [JSON.stringify(facts), json]
  })
  return { letters: { diedAtMs, runs }, body: lines.join('\n') }
}

interface Letter extends DeadLetter {
  seq: number
  index: number
  deadlineMs: number
}

export interface LettersOptions {
  bodies: Bodies
  state: LogState
  publisher: Publisher
  pages: Pages
  nodes: Nodes
  now: () => number
}

export function jetstreamDeadLetters(options: LettersOptions): DeadLetters {
  const { bodies, state, publisher, pages, nodes, now } = options

  /** Newest first; boxes that cannot hold what is looked for are not opened. */
  async function* find(filter: DeadLetterFilter, before?: { seq: number; index: number }): AsyncGenerator<Letter> {
    const boxes = [...state.pixels.values()]
      .filter(({ pixelId }) => filter.pixelId === undefined || filter.pixelId === pixelId)
      .flatMap((pixel) => [...pixel.letters.values()].map((box) => ({ pixel, box })))
      .filter(({ box }) => mayHold(box, filter) && (before === undefined || box.seq <= before.seq))
      .sort((one, other) => other.box.seq - one.box.seq)
    for (const { pixel, box } of boxes) {
      for (const letter of (await open(pixel, box)).reverse()) {
        if (box.gone.has(letter.index) || !matches(filter, letter)) continue
        if (before && letter.seq === before.seq && letter.index >= before.index) continue
        yield letter
      }
    }
  }

  async function open(pixel: PixelState, box: LetterBox): Promise<Letter[]> {
    const text = await bodies.text(box.seq)
    if (text === undefined) {
      pixel.letters.delete(box.seq)
      return []
    }
    const lines = text.split('\n')
    const kinds = box.facts.runs.flatMap(([kind, , testEventCode, count]) =>
      Array.from({ length: count }, () => ({ kind, testEventCode })),
    )
    return kinds.map(({ kind, testEventCode }, index) => {
      const facts = JSON.parse(lines[2 * index] ?? '') as LetterLine
      const [eventName, eventId, eventTimeMs, deadlineMs, receivedAtMs, reason] = facts
      return {
        id: `${box.seq}:${index}`,
        seq: box.seq,
        index,
        lane: pixel.lane(testEventCode),
        kind,
        eventName,
        ...(eventId !== null && { eventId }),
        eventTimeMs,
        deadlineMs,
        receivedAtMs,
        diedAtMs: box.facts.diedAtMs,
        reason,
        json: lines[2 * index + 1] ?? '',
      }
    })
  }

  /** Letters by message, all of one pixel together. */
  async function collect(filter: DeadLetterFilter): Promise<Map<number, Letter[]>> {
    await nodes.beat()
    const boxes = new Map<number, Letter[]>()
    for await (const letter of find(filter)) boxes.set(letter.seq, [letter, ...(boxes.get(letter.seq) ?? [])])
    return new Map([...boxes].reverse())
  }

  /** Back into the lane and out of the box, in one message. */
  async function putBack(letters: readonly Letter[]): Promise<number> {
    const pixel = state.pixel(letters[0]!.lane.pixelId)
    for (;;) {
      const { gone } = pixel.letters.get(letters[0]!.seq) ?? {}
      const there = letters.filter(({ index }) => gone?.has(index) === false)
      if (there.length === 0) return 0
      const events: QueuedEvent[] = there
      const written = await publisher.write({
        kind: 'e',
        key: pixel.pixelId,
        after: pixel.lastSeq.e,
        body: `${factsText(events)}\n${bodyText(events)}`,
        facts: (id) =>
          chunkFacts({
            id,
            pixel,
            receivedAtMs: now(),
            events,
            replays: [[there[0]!.seq, toRanges(there.map(({ index }) => index))]],
          }),
      })
      if (written === 'valid') return there.length
    }
  }

  return {
    async list(filter, { limit, after }) {
      const [seq, index] = (after ?? '').split(':').map(Number)
      const before = after === undefined ? undefined : { seq: seq ?? 0, index: index ?? 0 }
      const found: DeadLetter[] = []
      try {
        for await (const { seq: _, index: __, deadlineMs: ___, ...letter } of find(filter, before)) {
          if (found.length >= limit) break
          found.push(letter)
        }
      } catch (error) {
        throw asQueueError(error)
      }
      return found
    },

    async replay(filter) {
      const nowMs = now()
      let replayed = 0
      let tooOld = 0
      try {
        for (const letters of (await collect(filter)).values()) {
          const young = letters.filter(({ deadlineMs }) => deadlineMs > nowMs)
          tooOld += letters.length - young.length
          if (young.length > 0) replayed += await putBack(young)
        }
      } catch (error) {
        throw asQueueError(error)
      }
      return { replayed, tooOld }
    },

    async drop(filter) {
      let dropped = 0
      try {
        for (const [seq, letters] of await collect(filter)) {
          let now = 0
          await pages.change(letters[0]!.lane.pixelId, (page, pixel) => {
            const box = pixel.letters.get(seq)
            const there = letters.filter(({ index }) => box?.gone.has(index) === false)
            now = there.length
            if (now === 0) return false
            page.lettersGone.set(seq, new Set([...(box?.gone ?? []), ...there.map(({ index }) => index)]))
            page.lettersDropped += now
          })
          dropped += now
        }
      } catch (error) {
        throw asQueueError(error)
      }
      return dropped
    },
  }
}

function mayHold({ seq, facts, count, gone }: LetterBox, { cause, ids, sinceMs }: DeadLetterFilter): boolean {
  return (
    gone.size < count &&
    (sinceMs === undefined || facts.diedAtMs >= sinceMs) &&
    (cause === undefined || facts.runs.some(([, own]) => own === cause)) &&
    (ids === undefined || ids.some((id) => id.startsWith(`${seq}:`)))
  )
}
