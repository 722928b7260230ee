import type { ServerResponse } from 'node:http'

const HEARTBEAT_MS = 15_000

/** A reader whose connection holds back so much misses frames until it has caught up; the page asks for what it missed. */
const BEHIND_BYTES = 512 * 1024

const READERS_AT_MOST = 32

/** Tells every open page at once, by server-sent events. */
export interface Live {
  /**
   * Takes over a response. False when there are too many already, or the end is near.
   *
   * @param mayStay asked before each frame: who has signed out is sent nothing more
   */
  add(response: ServerResponse, mayStay: () => boolean): boolean
  send(event: string, data: unknown, id?: number): void
  /** Ends the responses that may not stay; they would otherwise be open until there is something to tell. */
  dismiss(): void
  readers(): number
  close: () => void
}

export function createLive(): Live {
  const readers = new Map<ServerResponse, () => boolean>()
  let heartbeat: NodeJS.Timeout | undefined
  let closed = false

  function sendAll(frame: string): void {
    dismiss()
    for (const response of readers.keys()) {
      if (response.writableLength < BEHIND_BYTES) response.write(frame)
    }
  }

  function dismiss(): void {
    for (const [response, mayStay] of readers) {
      if (mayStay()) continue
      response.end()
      remove(response)
    }
  }

  function remove(response: ServerResponse): void {
    readers.delete(response)
    if (readers.size > 0) return
    clearInterval(heartbeat)
    heartbeat = undefined
  }

  return {
    add(response, mayStay) {
      if (closed || readers.size >= READERS_AT_MOST) return false
      readers.set(response, mayStay)
      heartbeat ??= setInterval(() => sendAll(': still here\n\n'), HEARTBEAT_MS).unref()
      response.on('close', () => remove(response))
      response.on('error', () => remove(response))
      // Tells the browser to come back after two seconds, and gets the headers out at once.
      response.write('retry: 2000\n\n')
      return true
    },
    send(event, data, id) {
      if (readers.size === 0) return
      sendAll(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
    },
    dismiss,
    readers: () => readers.size,
    close: () => {
      closed = true
      for (const response of readers.keys()) response.end()
      readers.clear()
      clearInterval(heartbeat)
    },
  }
}
