import { createServer } from 'node:http'
import type { RequestListener, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Observe } from '../observer.js'

/** Slow clients are cut off. Node looks for them only every 30 s unless told otherwise, whatever the limits say. */
const TIMEOUTS = {
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  connectionsCheckingInterval: 1_000,
  // Longer than the 60 s of the usual load balancers, or they send into a connection that is just being closed.
  keepAliveTimeout: 65_000,
}

const MAX_HEADER_BYTES = 16_384

/** What is wrong below HTTP, and how it is answered there. */
const CLIENT_ERRORS: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
}

/** A server that strangers may talk to. */
export function createHttpServer(listener: RequestListener, observe: Observe, now: () => number): Server {
  const server = createServer({ ...TIMEOUTS, maxHeaderSize: MAX_HEADER_BYTES }, listener)
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    const code = error.code ?? ''
    if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
      observe({ kind: 'turned_away', atMs: now(), status: 408, reason: 'timeout' })
    }
    if (!socket.writable || code === 'ECONNRESET') return socket.destroy()
    const status = CLIENT_ERRORS[code] ?? '400 Bad Request'
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
  })
  return server
}

/** Resolves with the port once the server listens. */
export function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve((server.address() as AddressInfo).port)
    })
  })
}

/** Takes no more connections, lets what is under way be answered, and cuts off what is not done after `graceMs`. */
export async function close(server: Server, graceMs: number): Promise<void> {
  if (!server.listening) return
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  // A connection whose answer is still to be sent would otherwise be kept open for the next request.
  server.keepAliveTimeout = 1
  const cut = setTimeout(() => server.closeAllConnections(), graceMs)
  await closed
  clearTimeout(cut)
}
