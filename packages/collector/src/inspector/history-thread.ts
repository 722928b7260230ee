import { isBuiltin } from 'node:module'
import { Worker } from 'node:worker_threads'
import { HistoryError } from '../errors.js'
import { builtUrl } from './built.js'
import type { History } from './history.js'
import type { HistoryStore } from './history-store.js'

export interface HistoryCall {
  call: number
  method: keyof HistoryStore
  args: unknown[]
}

export type HistoryReply = { call: number; value: unknown } | { call: number; error: string }

/**
 * The history in a thread of its own, so that neither its writes nor a reader's question about three months holds up ingest.
 *
 * @param file its path, or `:memory:`
 * @param worker the thread's program
 */
export function openHistoryThread(file: string, nowMs: number, worker: URL = builtUrl('history-worker.js')): History {
  const thread = new Worker(worker, {
    workerData: { file, nowMs },
    name: 'inspector-history',
    // What passes through it is small: more room would only be filled with garbage.
    resourceLimits: { maxYoungGenerationSizeMb: 2 },
    // Node 22 calls `node:sqlite` experimental on every start.
    execArgv: isBuiltin('node:sqlite') ? ['--disable-warning=ExperimentalWarning'] : [],
  })
  // It must not keep the process alive.
  thread.unref()
  const pending = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>()
  let lastCall = 0
  let ended: HistoryError | undefined

  thread.on('message', (reply: HistoryReply) => {
    const waiting = pending.get(reply.call)
    pending.delete(reply.call)
    if (pending.size === 0) thread.unref()
    if ('error' in reply) waiting?.reject(new HistoryError(reply.error))
    else waiting?.resolve(reply.value as never)
  })
  thread.on('error', (error) => end(new HistoryError('The history could not be opened.', { cause: error })))
  thread.on('exit', () => end(new HistoryError('The history is closed.')))

  function end(error: HistoryError): void {
    ended ??= error
    for (const { reject } of pending.values()) reject(ended)
    pending.clear()
  }

  function ask<M extends keyof HistoryStore>(
    method: M,
    ...args: Parameters<HistoryStore[M]>
  ): Promise<ReturnType<HistoryStore[M]>> {
    if (ended) return Promise.reject(ended)
    return new Promise((resolve, reject) => {
      const call = ++lastCall
      pending.set(call, { resolve, reject })
      // While somebody waits for an answer the process may not end.
      thread.ref()
      thread.postMessage({ call, method, args } satisfies HistoryCall)
    })
  }

  return {
    waiting: () => ask('waiting'),
    write: (batch) => ask('write', batch),
    summary: (query) => ask('summary', query),
    events: (query) => ask('events', query),
    event: (id) => ask('event', id),
    async close() {
      if (ended) return
      await ask('close')
      await thread.terminate()
    },
  }
}

/** The same in this thread, for tests and for whoever embeds the collector without a file. */
export function historyHere(store: HistoryStore): History {
  return {
    waiting: async () => Promise.resolve(store.waiting()),
    write: async (batch) => Promise.resolve(store.write(structuredClone(batch))),
    summary: async (query) => Promise.resolve(store.summary(query)),
    events: async (query) => Promise.resolve(store.events(query)),
    event: async (id) => Promise.resolve(store.event(id)),
    close: async () => Promise.resolve(store.close()),
  }
}
