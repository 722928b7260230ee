import pino from 'pino'
import { expect, it } from 'vitest'
import { SettingsError } from '../../src/errors.js'
import { openQueue } from '../../src/queue/open-queue.js'

it.each(['redis://localhost', 'sqlite', '', 'constructor:x'])('refuses the queue URL "%s"', async (url) => {
  const options = { maxBytes: 1, log: pino({ enabled: false }), observe: () => undefined, now: Date.now }

  await expect(openQueue(url, options)).rejects.toThrow(SettingsError)
})

it('says that NATS JetStream is not supported yet', async () => {
  const options = { maxBytes: 1, log: pino({ enabled: false }), observe: () => undefined, now: Date.now }

  await expect(openQueue('nats://localhost:4222', options)).rejects.toThrow(/JetStream, which is not supported yet/)
})
