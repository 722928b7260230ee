import { setTimeout as wait } from 'node:timers/promises'
import { LeaseLostError, QueueUnavailableError } from '../../errors.js'
import type { LaneKey, Lease, Queue, QueueStatus } from '../queue.js'
import type { JetstreamQueueOptions, LogQueue } from './log-queue.js'
import { openLogQueue } from './log-queue.js'

export type { JetstreamQueueOptions } from './log-queue.js'

const OPEN_AGAIN_AFTER_MS = 1_000

/**
 * The queue on NATS JetStream, shared by any number of collectors. None is special: each takes events in, each drains lanes.
 *
 * One stream is the log of everything (`messages.ts`). A message is one change, whole or not at all; there are no transactions over several, and
 * none are needed: an append is one message for each pixel, a settlement one with the books and the dead letters in it. Every
 * node reads the headers of all messages, in the log's one order, and so knows what waits, what was received in the last 48 hours,
 * who owns which pixel (`pixel-state.ts`). Which of two competing messages counts is decided by that order, the same on every node.
 *
 * - `append()` resolves when a quorum has answered for the message and it was read back. Events of several pixels in one call are several
 *   messages: if the brokers go away between them, the call is rejected although the first are stored. The sender comes again,
 *   and those count as duplicates.
 * - What a quorum's answer is worth depends on the brokers: `guarantees.ts` says what they can promise, at the start and in `check`.
 * - A pixel's lanes are drained by one node at a time (`drainer.ts`). When it dies, they move within 15 seconds.
 * - The books: what was received is counted by the chunks' running number, what waits by the chunks themselves. A message that the
 *   brokers have acknowledged and lost shows as a gap.
 * - The brokers have lost the end of the log (`log-end.ts`): it is read afresh from its beginning. What they lost is lost; nothing else.
 * - The brokers away, or too few for a quorum: appends reject with `QueueUnavailableError` until they are back.
 * - Every node holds in memory the ids of 48 hours (11 to 22 bytes each) and some 400 bytes for each message that waits.
 *
 * @throws SettingsError when the URL is wrong
 * @throws QueueUnavailableError when the brokers cannot be reached or used, or the log is of a newer version
 * @throws QueueInUseError when another cluster uses this stream
 */
export async function openJetstreamQueue(queueUrl: string, options: JetstreamQueueOptions): Promise<Queue> {
  const { log, observe, now } = options
  const listeners = new Set<(lane: LaneKey, added?: number) => void>()
  const leasedFrom = new WeakMap<Lease, LogQueue>()
  let closing = false
  /** What is known of the log; nothing while it is read afresh. */
  let current: LogQueue | undefined
  let openingAgain: Promise<void> | undefined
  let whenCut: QueueStatus | undefined

  async function open(): Promise<LogQueue> {
    const life: { queue?: LogQueue; isCut: boolean } = { isCut: false }
    const queue = await openLogQueue(queueUrl, options, () => {
      life.isCut = true
      if (life.queue !== undefined) openingAgain = openAgain(life.queue)
    })
    if (life.isCut) {
      await queue.abandon()
      throw new QueueUnavailableError('The brokers have lost the end of the log.')
    }
    life.queue = queue
    queue.onWaiting((lane, added) => listeners.forEach((listener) => listener(lane, added)))
    return queue
  }

  async function openAgain(cut: LogQueue): Promise<void> {
    const message =
      'The brokers have lost the end of the log, and with it perhaps acknowledged events: a power cut without "sync_interval: always", or a backup. The log is read afresh.'
    log.error({ event: 'queue.cut' }, message)
    observe({ kind: 'alarm', atMs: now(), code: 'queue_damaged', message })
    whenCut = await cut.status()
    current = undefined
    await cut.abandon()
    while (!closing && current === undefined) {
      current = await open().catch(() => wait(OPEN_AGAIN_AFTER_MS, undefined))
    }
  }

  function opened(): LogQueue {
    if (current === undefined) throw new QueueUnavailableError('The log is being read afresh.')
    return current
  }

  const first = await open()
  // Unless it was cut in this very moment.
  if (openingAgain === undefined) current = first

  return {
    append: async (events, drops) => opened().append(events, drops),

    async lease(lane, limit) {
      const from = opened()
      const lease = await from.lease(lane, limit)
      if (lease !== undefined) leasedFrom.set(lease, from)
      return lease
    },

    async settle(lease, verdicts) {
      const from = opened()
      if (leasedFrom.get(lease) !== from) {
        throw new LeaseLostError('The log was read afresh since; the events are offered again.')
      }
      await from.settle(lease, verdicts)
    },

    lanes: async () => opened().lanes(),
    hold: async (lane, hold) => opened().hold(lane, hold),

    onWaiting(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },

    deadLetters: {
      list: async (filter, page) => opened().deadLetters.list(filter, page),
      replay: async (filter) => opened().deadLetters.replay(filter),
      drop: async (filter) => opened().deadLetters.drop(filter),
    },

    books: async () => opened().books(),

    async status() {
      return current === undefined && whenCut ? { ...whenCut, refusing: 'unreachable' } : opened().status()
    },

    probe: async () => opened().probe(),

    async close() {
      closing = true
      await openingAgain
      await current?.close()
    },
  }
}
