import type { ServerResponse } from 'node:http'

const HEARTBEAT_MS = 15_000

/** A reader whose connection holds back so much misses frames until it has caught up; the page asks for what it missed. */
const BEHIND_BYTES = 512 * 1024

const READERS_AT_MOST = 32

/** Tells every open page at once, by server-sent events. */
export interface Live {
  /** Takes over a response. False when there are too many already, or the end is near. */
  add(response: ServerResponse): boolean
  send(event: string, data: unknown, id?: number): void
  readers(): number
  close: () => void
}

export function createLive(): Live {
  const readers = new Set<ServerResponse>()
  let heartbeat: NodeJS.Timeout | undefined
  let closed = false

  function sendAll(frame: string): void {
    for (const response of readers) {
      if (response.writableLength < BEHIND_BYTES) response.write(frame)
    }
  }

  function remove(response: ServerResponse): void {
    readers.delete(response)
    if (readers.size > 0) return
    clearInterval(heartbeat)
    heartbeat = undefined
  }

  return {
    add(response) {
      if (closed || readers.size >= READERS_AT_MOST) return false
      readers.add(response)
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
    readers: () => readers.size,
    close: () => {
      closed = true
      for (const response of readers) response.end()
      readers.clear()
      clearInterval(heartbeat)
    },
  }
}
