import { isBuiltin } from 'node:module'
import { Worker } from 'node:worker_threads'
import { QueueUnavailableError } from '../../errors.js'
import { DamageError } from './damage.js'
import type { Message, ThreadData } from './messages.js'
import { DAMAGED, parseError } from './messages.js'
import type { Operations } from './operations.js'
import type { Trouble } from './trouble.js'
import { sentence } from './trouble.js'

/** One life of the queue's thread, seen from the main one. It opens the file once, and ends when that cannot be used any more. */
export interface Thread {
  /** Asks for an operation. Rejects with what it threw, or when the thread ends. */
  call: Call
  /** Resolves when it has ended and let go of the file: as it was told to, or with the trouble it met. */
  ended: Promise<'closed' | Trouble>
}

export type Call = <Name extends keyof Operations>(
  name: Name,
  ...args: Parameters<Operations[Name]>
) => Promise<ReturnType<Operations[Name]>>

export interface Watch {
  /** Someone must look. */
  alarm(code: string, message: string): void
  /** Something is well again. */
  note(message: string): void
}

interface Waiting {
  resolve: (value: unknown) => void
  reject: (error: Error) => void
}

/**
 * Starts the thread; resolves when it has opened the file.
 *
 * @throws QueueInUseError | QueueUnavailableError when it cannot
 * @throws DamageError when the file is damaged: start once more, with `damage`
 */
export function startThread(data: ThreadData, url: URL, watch: Watch): Promise<Thread> {
  const worker = new Worker(url, {
    workerData: data,
    // Whole batches pass through it as bytes, which are not on its heap: more room would only be filled with garbage.
    resourceLimits: { maxYoungGenerationSizeMb: 4 },
    // Node 22 calls `node:sqlite` experimental on every start; what the queue uses of it has not changed since.
    execArgv: isBuiltin('node:sqlite') ? ['--disable-warning=ExperimentalWarning'] : [],
  })
  const waiting = new Map<number, Waiting>()
  let lastId = 0
  let end: 'closed' | Trouble = { kind: 'unreachable', message: 'Its thread ended unexpectedly.' }

  return new Promise((resolve, reject) => {
    let refusal: Error | undefined

    const ended = new Promise<'closed' | Trouble>((resolveEnded) => {
      worker.on('exit', () => {
        const reason = end === 'closed' ? 'The queue is closed.' : sentence(end)
        for (const one of waiting.values()) one.reject(new QueueUnavailableError(reason))
        waiting.clear()
        reject(refusal ?? new QueueUnavailableError(reason))
        resolveEnded(end)
      })
    })

    worker.on('error', ({ message }: Error) => (end = { kind: 'unreachable', message: `Its thread died: ${message}` }))

    worker.on('message', (message: Message) => {
      switch (message.kind) {
        case 'done':
          take(message.id)?.resolve(message.value)
          return
        case 'failed':
          take(message.id)?.reject(parseError(message.error))
          return
        case 'broken':
          end = message.trouble
          return
        case 'alarm':
          watch.alarm(message.code, message.message)
          return
        case 'note':
          watch.note(message.message)
          return
        case 'ready':
          resolve({ call, ended })
          return
        case 'refused': {
          const { code, message: reason } = message.error
          refusal = code === DAMAGED ? new DamageError(reason) : parseError(message.error)
          return
        }
      }
    })
  })

  function call<Name extends keyof Operations>(
    name: Name,
    ...args: Parameters<Operations[Name]>
  ): Promise<ReturnType<Operations[Name]>> {
    if (name === 'close') end = 'closed'
    const id = ++lastId
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve: resolve as Waiting['resolve'], reject })
      worker.postMessage([id, name, args])
    })
  }

  function take(id: number): Waiting | undefined {
    const found = waiting.get(id)
    waiting.delete(id)
    return found
  }
}
