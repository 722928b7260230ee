import pino from 'pino'
import { expect, it } from 'vitest'
import { SettingsError } from '../../src/errors.js'
import { isSharedQueue, openQueue } from '../../src/queue/open-queue.js'

it.each(['redis://localhost', 'sqlite', '', 'constructor:x'])('refuses the queue URL "%s"', async (url) => {
  const options = { maxBytes: 1, log: pino({ enabled: false }), observe: () => undefined, now: Date.now }

  await expect(openQueue(url, options)).rejects.toThrow(SettingsError)
})

it.each([
  ['nats://', /must look like nats:/],
  ['nats://localhost?stream=a.b&replicas=2', /"stream" must be letters[^]*"replicas" must be 1, 3 or 5/],
  ['nats://user:secret@localhost?experimental=true&retries=1', /^[^]*"retries" is not known[^]*$/],
])('refuses the brokers "%s", without telling a password', async (url, problem) => {
  const options = { maxBytes: 1, log: pino({ enabled: false }), observe: () => undefined, now: Date.now }

  const error = await openQueue(url, options).then(
    () => undefined,
    (reason: unknown) => reason as Error,
  )

  expect(error).toBeInstanceOf(SettingsError)
  expect(error?.message).toMatch(problem)
  expect(error?.message).not.toContain('secret')
})

it.each([
  ['sqlite:./data/queue.db', false],
  ['direct:', false],
  ['postgres://me@db/mirror', true],
  ['postgresql://me@db/mirror', true],
  ['nats://broker:4222', true],
])('knows whether several collectors may have %s', (url, shared) => {
  expect(isSharedQueue(url)).toBe(shared)
})
