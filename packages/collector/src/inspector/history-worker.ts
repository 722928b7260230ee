/** The thread in which the history lives: takes calls by message, one after the other, and answers each. */
import { parentPort, workerData } from 'node:worker_threads'
import { openHistoryStore } from './history-file.js'
import type { HistoryCall, HistoryReply } from './history-thread.js'

const { file, nowMs } = workerData as { file: string; nowMs: number }
const store = await openHistoryStore(file, nowMs)

parentPort?.on('message', ({ call, method, args }: HistoryCall) => {
  let reply: HistoryReply
  try {
    // The caller is typed (`HistoryStore`); a message is not.
    reply = { call, value: (store[method] as (...args: unknown[]) => unknown)(...args) }
  } catch (error) {
    reply = { call, error: error instanceof Error ? error.message : String(error) }
  }
  parentPort?.postMessage(reply)
  if (method === 'close') parentPort?.close()
})
