import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Answer } from './answer.js'

/** How an answer travels. */
export type Delivery =
  | { kind: 'whole' }
  /** The connection is reset instead. */
  | { kind: 'reset' }
  /** It never comes. */
  | { kind: 'hang' }
  /** The connection is cut in its middle. */
  | { kind: 'half' }
  /** It comes in pieces, `ms` milliseconds apart. */
  | { kind: 'drip'; ms: number; pieceBytes: number }

export async function deliver(res: ServerResponse, answer: Answer, delivery: Delivery): Promise<void> {
  if (res.destroyed || delivery.kind === 'hang') return
  if (delivery.kind === 'reset') {
    res.req.socket.resetAndDestroy()
    return
  }

  const body = Buffer.from(answer.body)
  res.writeHead(answer.status, { ...answer.headers, 'content-length': body.length })
  switch (delivery.kind) {
    case 'whole':
      res.end(body)
      return
    case 'half':
      res.write(body.subarray(0, Math.floor(body.length / 2)), () => res.destroy())
      return
    case 'drip':
      res.flushHeaders()
      for (let at = 0; at < body.length; at += delivery.pieceBytes) {
        await pause(delivery.ms)
        if (res.destroyed) return
        res.write(body.subarray(at, at + delivery.pieceBytes))
      }
      res.end()
  }
}

/** Waits without keeping the process alive. */
export async function pause(ms: number): Promise<void> {
  if (ms > 0) await sleep(ms, undefined, { ref: false })
}
