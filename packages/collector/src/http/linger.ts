import type { IncomingMessage, ServerResponse } from 'node:http'

/** What is still read of a request whose answer has been sent. */
const MAX_BYTES = 16 * 1024 * 1024
const MAX_MS = 2_000

/**
 * Sends the answer at once, but ends it, and the connection, only when the rest of the request has come and been thrown away.
 *
 * A connection that is closed while its sender still writes is reset, and a reset makes the sender's machine throw away the answer that it had
 * already received: a browser reports a network error and tries again, a proxy says 502, and nobody sees the 413.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9112#section-9.6
 */
export function lingerAfter(req: IncomingMessage, res: ServerResponse, body: string | Buffer): void {
  const end = () => {
    clearTimeout(patience)
    req.off('data', count)
    res.end()
  }
  let bytes = 0
  const count = (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > MAX_BYTES) end()
  }
  const patience = setTimeout(end, MAX_MS)

  res.write(body)
  req.on('data', count).once('end', end).once('close', end).resume()
}
