import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Exchange } from './exchange.js'

/** Answers a request if it is the one that the shortcut is for. @returns whether it is */
export type Shortcut = (req: IncomingMessage, res: ServerResponse) => boolean

/**
 * A way past Koa for the one request that nearly all are: with Koa's context, its watching of the answer's end and its router, nothing of
 * which this route uses, it would cost a tenth more. Everything else, and whatever is written only a little differently, goes the long way
 * and reaches the same route.
 *
 * @param onError what even the answer to a failure met; the connection is closed
 */
export function createShortcut(
  method: string,
  path: string,
  answer: (exchange: Exchange) => Promise<void>,
  onError: (error: unknown) => void,
): Shortcut {
  return function shortcut(req, res) {
    if (req.url !== path || req.method !== method) return false
    answer({ req, res, method, state: {} }).catch((error: unknown) => {
      onError(error)
      res.destroy()
    })
    return true
  }
}
