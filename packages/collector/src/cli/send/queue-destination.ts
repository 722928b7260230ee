import { randomUUID } from 'node:crypto'
import { NoAnswerError, QueueFullError, QueueUnavailableError } from '../../errors.js'
import { createBotCheck } from '../../pipeline/bot-check.js'
import { ingest, type IngestParts } from '../../pipeline/ingest.js'
import { createPixels } from '../../pixels.js'
import { openQueue } from '../../queue/open-queue.js'
import { createDirectQueue } from '../../relay/direct-queue.js'
import type { Settings } from '../../settings.js'
import { quietly } from '../queue-desk.js'
import { TryAgainError, type Destination } from './destination.js'
import { byEvent } from './refused.js'

/**
 * Brings orders into the queue itself, through the same pipeline as a collector, while none runs.
 *
 * @throws QueueInUseError when one does
 */
export async function openQueueDestination(settings: Settings, testEventCode?: string): Promise<Destination> {
  const pixels = createPixels(settings.pixels)
  const direct = settings.queueUrl.startsWith('direct:')
  if (direct && settings.sandbox) throw new NoAnswerError('QUEUE_URL is direct, and there is no token to send with.')
  const queue = direct
    ? createDirectQueue({ ...settings, pixels, observe: () => undefined })
    : await openQueue(settings.queueUrl, quietly(settings))
  const parts: IngestParts = {
    queue,
    observe: () => undefined,
    pipeline: {
      pixels,
      defaultCountry: settings.defaultCountry,
      isBot: createBotCheck(),
      randomId: randomUUID,
    },
  }
  return {
    name: direct ? 'Meta' : 'the queue',
    close: () => queue.close(),
    async deliver(events) {
      const body = { data: events, ...(testEventCode !== undefined && { test_event_code: testEventCode }) }
      try {
        const result = await ingest(body, { sender: 'server', receivedAtMs: Date.now(), prefetch: false }, parts)
        if (result.kind === 'ingested') return { taken: result.eventsReceived, refused: byEvent(result.rejected) }
        const reason = result.issues.map(({ message }) => message).join(' ')
        return { taken: 0, refused: events.map((_, index) => ({ index, reason })) }
      } catch (error) {
        if (!(error instanceof QueueFullError || error instanceof QueueUnavailableError)) throw error
        throw new TryAgainError(error.message)
      }
    },
  }
}
