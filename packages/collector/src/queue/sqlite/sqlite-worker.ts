/** The queue's own thread: the only one with a connection. Answers one request after another, and stalls nobody's event loop. */
import { parentPort, workerData } from 'node:worker_threads'
import { loadDriver } from './driver.js'
import { keeper as openKeeper } from './keeper.js'
import type { Message, Request, ThreadData } from './messages.js'
import { formatError } from './messages.js'
import type { Operations } from './operations.js'
import { operations } from './operations.js'

const port = parentPort
if (port === null) throw new Error('This file is the start of a worker thread.')
const say = (message: Message) => port.postMessage(message)

const { nowMs, ...data } = workerData as ThreadData

try {
  const keeper = openKeeper(
    {
      ...data,
      open: await loadDriver(),
      alarm: (code, message) => say({ kind: 'alarm', code, message }),
      elapsedMs: () => performance.now(),
    },
    nowMs,
  )
  answer(operations(keeper))
  say({ kind: 'ready' })
} catch (error) {
  say({ kind: 'refused', error: formatError(error) })
}

function answer(methods: Operations): void {
  port?.on('message', ([id, name, args]: Request) => {
    try {
      const value = (methods[name] as (...args: unknown[]) => unknown)(...args)
      say({ kind: 'done', id, value })
    } catch (error) {
      say({ kind: 'failed', id, error: formatError(error) })
    }
    if (name === 'close') port.close()
  })
}
