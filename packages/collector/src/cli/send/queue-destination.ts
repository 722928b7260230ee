import type { Ingest } from '../../http/collect.js'
import { QueueFullError, QueueUnavailableError } from '../../errors.js'
import { TryAgainError, type Destination } from './destination.js'
import { byEvent } from './refused.js'

/** Brings orders into the queue itself, through the same pipeline as a collector, while none runs. */
export function queueDestination(
  ingest: Ingest,
  options: { testEventCode?: string; now?: () => number; close: () => Promise<void> },
): Destination {
  const { testEventCode, now = Date.now, close } = options
  return {
    name: 'the queue',
    close,
    async deliver(events) {
      const body = { data: events, ...(testEventCode === undefined ? {} : { test_event_code: testEventCode }) }
      try {
        const result = await ingest(body, { sender: 'server', receivedAtMs: now(), prefetch: false })
        if (result.kind === 'ingested') return { taken: result.eventsReceived, refused: byEvent(result.rejected) }
        const reason = result.issues.map(({ message }) => message).join(' ')
        return { taken: 0, refused: events.map((_, index) => ({ index, reason })) }
      } catch (error) {
        if (error instanceof QueueFullError || error instanceof QueueUnavailableError)
          throw new TryAgainError(error.message)
        throw error
      }
    },
  }
}
