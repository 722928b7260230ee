import { isBuiltin } from 'node:module'
import { Worker } from 'node:worker_threads'
import { QueueUnavailableError } from '../../errors.js'
import type { Message, ThreadData } from './messages.js'
import { parseError } from './messages.js'
import type { Operations } from './operations.js'
import { workerUrl } from './worker-url.js'

/** The queue's thread, seen from the main one. */
export interface Thread {
  /** Asks for an operation. Rejects with what it threw, or when the thread is dead. */
  call<Name extends keyof Operations>(
    name: Name,
    ...args: Parameters<Operations[Name]>
  ): Promise<ReturnType<Operations[Name]>>
  /** Whether it ended without being told to. */
  isDead(): boolean
  /** Resolves when it has ended. */
  ended: Promise<void>
}

interface Waiting {
  resolve: (value: unknown) => void
  reject: (error: Error) => void
}

/**
 * Starts the thread; resolves when it has opened the file.
 *
 * @param alarm someone must look; also told when the thread dies
 * @throws QueueInUseError | QueueUnavailableError when it cannot open the file
 */
export function startThread(data: ThreadData, alarm: (code: string, message: string) => void): Promise<Thread> {
  const worker = new Worker(workerUrl(), {
    workerData: data,
    // Node 22 calls `node:sqlite` experimental on every start; what the queue uses of it has not changed since.
    execArgv: isBuiltin('node:sqlite') ? ['--disable-warning=ExperimentalWarning'] : [],
  })
  const waiting = new Map<number, Waiting>()
  let lastId = 0
  let state: 'starting' | 'running' | 'closing' | 'ended' | 'dead' = 'starting'

  return new Promise((resolve, reject) => {
    const ended = new Promise<void>((resolveEnded) => {
      worker.on('exit', () => {
        if (state === 'starting') reject(new QueueUnavailableError('The thread of the queue ended while it started.'))
        if (state === 'running') die('it ended')
        if (state !== 'dead') state = 'ended'
        resolveEnded()
      })
    })

    worker.on('error', (error) => {
      if (state === 'starting') reject(new QueueUnavailableError(`The thread of the queue failed: ${error.message}`))
      else die(error.message)
    })

    worker.on('message', (message: Message) => {
      switch (message.kind) {
        case 'done':
          take(message.id)?.resolve(message.value)
          return
        case 'failed':
          take(message.id)?.reject(parseError(message.error))
          return
        case 'alarm':
          alarm(message.code, message.message)
          return
        case 'ready':
          state = 'running'
          resolve({ call: call as Thread['call'], isDead: () => state === 'dead', ended })
          return
        case 'refused':
          state = 'ended'
          reject(parseError(message.error))
          return
      }
    })
  })

  function call(name: keyof Operations, ...args: unknown[]): Promise<unknown> {
    if (state !== 'running') return Promise.reject(new QueueUnavailableError('The thread of the queue has ended.'))
    if (name === 'close') state = 'closing'
    const id = ++lastId
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject })
      worker.postMessage([id, name, args])
    })
  }

  function take(id: number): Waiting | undefined {
    const found = waiting.get(id)
    waiting.delete(id)
    return found
  }

  /** Nothing more is acknowledged. What is on disk stays there; a new process reads it. */
  function die(reason: string): void {
    state = 'dead'
    alarm('queue_refusing', `The thread of the queue died: ${reason}. Restart the collector.`)
    for (const { reject } of waiting.values()) reject(new QueueUnavailableError('The thread of the queue died.'))
    waiting.clear()
  }
}
