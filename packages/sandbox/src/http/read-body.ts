import type { IncomingMessage } from 'node:http'

/**
 * The whole body, or `undefined` if it is larger than allowed. Rejects if the sender goes away.
 *
 * By events, because iterating over the stream costs as much as all the rest of a small request.
 */
export function readBody(req: IncomingMessage, maxBytes: number): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    req.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= maxBytes) chunks.push(chunk)
      else chunks.length = 0
    })
    req.on('end', () => resolve(bytes <= maxBytes ? Buffer.concat(chunks, bytes) : undefined))
    req.on('error', reject)
    req.on('close', () => reject(new Error('The sender went away.')))
  })
}
