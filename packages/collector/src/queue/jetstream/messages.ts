/**
 * What stands in the log. Every message is one change, whole or not at all:
 *
 *   <stream>.e.<pixel>   a chunk: the events of one pixel that came with one commit; body: their texts
 *   <stream>.r.<pixel>   a page: all that has become of the pixel's chunks, its sums, its owner, its holds
 *   <stream>.l.<pixel>   a page that also buries dead letters; body: their texts
 *   <stream>.s.<pixel>   swept: ids that stay known for 48 hours, chunks and letters that are about to be deleted
 *   <stream>.n.<node>    a collector lives, and for which pixels
 *   <stream>.b.reserve   ballast: room that is given up when there is no other (`reserve.ts`), or a note that some was
 *
 * What every node must know stands in one header; texts stand in the body, which only the node that sends them reads.
 */
import type { DropReason, LaneHold } from '../queue.js'
import { fromRanges, toRanges } from './ranges.js'
import { HASH_BYTES } from './seen.js'

export const HEADER = 'Pm'

export type MessageKind = 'e' | 'r' | 'l' | 's' | 'n' | 'b'

export interface Facts {
  /** Names the attempt to publish, so that its publisher recognises it in the log. */
  id: string
}

export interface ChunkFacts extends Facts {
  /** Chunks of a pixel are numbered; of two with the same number the first in the log is valid. */
  version: number
  /** The pixel's events received before this chunk, drops included: what is missing in the log shows by it. */
  before: number
  receivedAtMs: number
  events: number
  bytes: number
  /** Which of the events belong to test lanes, as ranges, with their bytes. */
  tests?: [testEventCode: string, indexes: string, bytes: number][]
  drops?: Partial<Record<DropReason, number>>
  /** Dead letters that these events are: by message, as ranges. */
  replays?: [letterSeq: number, indexes: string][]
  hashes: string
}

/** What a page says in the same words in memory and in the log. */
export interface PageSums {
  version: number
  owner?: string
  /** Rises with each change of owner. */
  epoch: number
  /** The newest chunk that the writer knew. */
  at: number
  received: number
  delivered: number
  dead: number
  expired: number
  dropped: Partial<Record<DropReason, number>>
  replayed: number
  lettersDropped: number
  /** What had become useless by this message is deleted. */
  cleanedTo?: number
  /** By test event code; '' is the pixel's main lane. */
  holds: Record<string, LaneHold>
}

export interface PageFacts extends Facts, PageSums {
  /** Chunks that have left entirely and are not swept yet, as ranges. */
  settled: string
  /** Which events of other chunks have left. */
  partial: [chunk: number, indexes: string][]
  ambiguous: [sinceMs: number, chunks: [chunks: string, indexes: string][]][]
  /** Letters that were replayed or dropped, of messages that still hold others. */
  lettersGone: [letterSeq: number, indexes: string][]
  /** What this page buries. */
  letters?: LetterFacts
}

export interface LetterFacts {
  diedAtMs: number
  /** In order of the body; neighbours that are alike stand together. */
  runs: [kind: 'dead' | 'expired', cause: string, testEventCode: string, count: number][]
}

export interface SweptFacts extends Facts {
  bucket: number
  hashes: string
  chunks?: string
  letters?: number[]
}

export interface NodeFacts extends Facts {
  pixels: readonly string[]
  stopped?: true
}

export interface ReserveFacts extends Facts {
  givenUp?: number
}

export type Message =
  | { kind: 'e'; facts: ChunkFacts }
  | { kind: 'r' | 'l'; facts: PageFacts }
  | { kind: 's'; facts: SweptFacts }
  | { kind: 'n'; facts: NodeFacts }
  | { kind: 'b'; facts: ReserveFacts }

export function subjectOf(stream: string, kind: MessageKind, key: string): string {
  return `${stream}.${kind}.${encodeURIComponent(key).replaceAll('.', '%2E').replaceAll('*', '%2A')}`
}

export function parseSubject(stream: string, subject: string): { kind: MessageKind; key: string } {
  const [kind = '', key = ''] = subject.slice(stream.length + 1).split('.')
  return { kind: kind as MessageKind, key: decodeURIComponent(key) }
}

/** Headers are for ASCII alone. */
export function writeFacts(facts: Message['facts']): string {
  const wire = 'hashes' in facts ? { ...facts, hashes: Buffer.from(facts.hashes, 'latin1').toString('base64') } : facts
  return JSON.stringify(wire).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

export function readFacts<Wanted extends Facts>(text: string): Wanted {
  const wire = JSON.parse(text) as Record<string, unknown>
  if (typeof wire['hashes'] === 'string') wire['hashes'] = Buffer.from(wire['hashes'], 'base64').toString('latin1')
  return wire as unknown as Wanted
}

/** So many ids fit into a header, of which the server takes 64 KB. */
export const MAX_HASHES = Math.floor(50_000 / ((HASH_BYTES * 4) / 3))

/** The memory of attempts without an answer, shortest: neighbouring chunks with the same events stand together. */
export function writeAmbiguous(ambiguous: ReadonlyMap<number, ReadonlyMap<number, number>>): PageFacts['ambiguous'] {
  const bySince = new Map<number, Map<string, number[]>>()
  for (const [chunk, since] of ambiguous) {
    for (const sinceMs of new Set(since.values())) {
      const indexes = toRanges([...since].filter(([, ms]) => ms === sinceMs).map(([index]) => index))
      const alike = bySince.get(sinceMs) ?? new Map<string, number[]>()
      bySince.set(sinceMs, alike.set(indexes, [...(alike.get(indexes) ?? []), chunk]))
    }
  }
  return [...bySince].map(([sinceMs, alike]) => [
    sinceMs,
    [...alike].map(([indexes, chunks]): [string, string] => [toRanges(chunks), indexes]),
  ])
}

export function readAmbiguous(wire: PageFacts['ambiguous']): Map<number, Map<number, number>> {
  const ambiguous = new Map<number, Map<number, number>>()
  for (const [sinceMs, alike] of wire) {
    for (const [chunks, indexes] of alike) {
      for (const chunk of fromRanges(chunks)) {
        const since = ambiguous.get(chunk) ?? new Map<number, number>()
        for (const index of fromRanges(indexes)) since.set(index, sinceMs)
        ambiguous.set(chunk, since)
      }
    }
  }
  return ambiguous
}
