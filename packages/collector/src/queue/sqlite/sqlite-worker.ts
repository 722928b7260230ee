/** The queue's own thread: the only one with a connection. Answers one request after another, and stalls nobody's event loop. */
import { parentPort, workerData } from 'node:worker_threads'
import { DamageError } from './damage.js'
import { loadDriver } from './driver.js'
import { StoreFailure } from './keeper.js'
import type { Message, Request, ThreadData } from './messages.js'
import { DAMAGED, formatError, memoryOf } from './messages.js'
import { openFile } from './open-file.js'
import type { Operations } from './operations.js'

const port = parentPort
if (port === null) throw new Error('This file is the start of a worker thread.')
const say = (message: Message, given: ArrayBuffer[] = []) => port.postMessage(message, given)

const { nowMs, ...data } = workerData as ThreadData

try {
  const methods = openFile(
    {
      ...data,
      open: await loadDriver(),
      alarm: (code, message) => say({ kind: 'alarm', code, message }),
      note: (message) => say({ kind: 'note', message }),
      elapsedMs: () => performance.now(),
    },
    nowMs,
  )
  port.on('message', (request: Request) => answer(methods, request))
  say({ kind: 'ready' })
} catch (error) {
  say({ kind: 'refused', error: formatError(error, error instanceof DamageError ? DAMAGED : undefined) })
}

function answer(methods: Operations, [id, name, args]: Request): void {
  try {
    const value = (methods[name] as (...args: unknown[]) => unknown)(...args)
    say({ kind: 'done', id, value }, memoryOf(value))
  } catch (error) {
    say({ kind: 'failed', id, error: formatError(error) })
    if (error instanceof StoreFailure) {
      // Ending the thread is the one way to be rid of a connection that works with both drivers.
      say({ kind: 'broken', trouble: error.trouble })
      port?.close()
    }
  }
  if (name === 'close') port?.close()
}
