/** A thread that behaves as its file's name says, in the words of `messages.ts`. Tells on each start how it was started. */
import { parentPort, workerData } from 'node:worker_threads'
import { basename } from 'node:path'

const { path, damage, firstLeaseId } = workerData
const say = (message) => parentPort.postMessage(message)
const refuse = (code) => say({ kind: 'refused', error: { code, message: `as asked: ${code}` } })

say({ kind: 'note', message: `start ${firstLeaseId} ${damage ?? 'whole'}` })
const behaviour = basename(path)
if (behaviour === 'in-use') refuse('QUEUE_IN_USE')
else if (behaviour === 'damaged' && damage === undefined) refuse('QUEUE_DAMAGED')
else if (behaviour === 'always-damaged') refuse('QUEUE_DAMAGED')
else if (behaviour === 'dies-at-start') process.exit(1)
else {
  parentPort.on('message', ([id, name, args]) => {
    if (args[0] === 'dies') process.exit(1)
    if (args[0] === 'throws') throw new Error('as asked')
    if (args[0] === 'breaks') {
      say({ kind: 'failed', id, error: { code: 'QUEUE_UNAVAILABLE', message: 'as asked' } })
      say({ kind: 'broken', trouble: { kind: args[1], message: 'as asked' } })
      parentPort.close()
      return
    }
    if (args[0] === 'never') return
    say({ kind: 'done', id, value: name })
    if (name === 'close') parentPort.close()
  })
  say({ kind: 'ready' })
}
