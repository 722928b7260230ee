import type { DeathReason } from '../queue.js'
import type { StoredEvent } from './chunk.js'
import { decodeChunk, isIntact } from './chunk.js'
import type { ChunkRange, Chunks } from './chunks.js'
import type { Leases, Part, StoredLease } from './leases.js'
import type { Letters } from './letters.js'
import type { Transact, Transaction } from './transaction.js'

/**
 * What became of a lease's events, in their order. The usual case is one word.
 *
 * `purged`: taken out by hand. `free`: nothing happened. `ambiguousSinceMs`: free, but the attempt may have arrived.
 */
export type Fate =
  'delivered' | 'purged' | 'free' | { ambiguousSinceMs: number } | { kind: 'dead' | 'expired'; reason: DeathReason }

/** The lease and the fate of its events: one for all, or one each. */
export type Settle = (lease: StoredLease, fates: Fate | readonly Fate[], nowMs: number) => void

export function settling(chunks: Chunks, leases: Leases, letters: Letters, transact: Transact): Settle {
  /** Writes the fates of a part, event by event, and what is left of its chunk. */
  function rewrite(
    transaction: Transaction,
    lease: StoredLease,
    part: Part,
    fates: readonly Fate[],
    nowMs: number,
  ): void {
    const row = chunks.read(part.id)
    if (row === undefined || !isIntact(row)) throw new Error(`Chunk ${part.id} changed while it was leased.`)
    const chunk = decodeChunk(row)
    const events: StoredEvent[] = []
    const json: string[] = []
    let next = 0
    let changed = false

    for (const [at, event] of chunk.events.entries()) {
      const text = chunk.json[at] ?? ''
      const isMine = part.indexes === undefined || part.indexes.has(event.index)
      const fate = isMine ? (fates[next++] ?? 'free') : 'free'
      if (fate === 'delivered' || fate === 'purged') {
        transaction.add(lease.lane, fate, 1)
      } else if (fate === 'free' || 'ambiguousSinceMs' in fate) {
        const since = fate === 'free' ? 0 : fate.ambiguousSinceMs
        changed ||= event.ambiguousSinceMs === 0 && since !== 0
        events.push({ ...event, ambiguousSinceMs: event.ambiguousSinceMs || since })
        json.push(text)
      } else {
        const { kind, reason } = fate
        letters.insert(transaction, {
          lane: lease.lane.key,
          kind,
          event,
          receivedAtMs: chunk.receivedAtMs,
          diedAtMs: nowMs,
          reason,
          json: text,
        })
      }
    }

    if (events.length === 0) chunks.remove(transaction, lease.lane, { ...row, firstId: part.id, lastId: part.id })
    else if (changed || events.length < chunk.events.length) {
      chunks.rewrite(transaction, lease.lane, part.id, row, { ...chunk, events, json })
    }
  }

  return (lease, fates, nowMs) => {
    // Of a batch that was delivered a power cut can only make that it is sent again, and Meta knows its ids. Its sync can wait.
    const sync = onlyFate(fates) === 'delivered' ? 'with_next' : 'now'
    transact((transaction) => {
      const ranges: ChunkRange[] = []
      let before: Part | undefined
      let from = 0
      for (const part of lease.parts) {
        const own = typeof fates === 'object' && 'length' in fates ? fates.slice(from, from + part.events) : fates
        from += part.events
        const only = onlyFate(own)
        if (only === 'delivered' && part.indexes === undefined) {
          extend(ranges, part, before)
        } else if (only !== 'free') {
          rewrite(transaction, lease, part, isList(own) ? own : Array<Fate>(part.events).fill(own), nowMs)
        }
        before = part
      }
      let gone = 0
      for (const range of ranges) {
        chunks.remove(transaction, lease.lane, range)
        transaction.add(lease.lane, 'delivered', range.events)
        gone += range.events
      }
      const isAllGone = gone === lease.parts.reduce((sum, { events }) => sum + events, 0)
      transaction.afterCommit(() => leases.end(lease, isAllGone))
    }, sync)
  }
}

const isList = (fates: Fate | readonly Fate[]): fates is readonly Fate[] => Array.isArray(fates)

/** The fate that all share, if it is a plain word. */
function onlyFate(fates: Fate | readonly Fate[]): Fate | undefined {
  if (!isList(fates)) return fates
  return fates.every((fate) => fate === fates[0]) ? fates[0] : undefined
}

/** Adds a whole chunk to the ranges to delete: to the last one, if that ends with the part before and nothing lies between. */
function extend(ranges: ChunkRange[], { id, events, bytes, follows }: Part, before: Part | undefined): void {
  const last = ranges.at(-1)
  if (last === undefined || !follows || last.lastId !== before?.id) {
    ranges.push({ firstId: id, lastId: id, events, bytes })
    return
  }
  last.lastId = id
  last.events += events
  last.bytes += bytes
}
