import type { IncomingMessage, ServerResponse } from 'node:http'

/** A request and its answer: as much of Koa's context as most routes need, so that they can do without Koa. */
export interface Exchange {
  req: IncomingMessage
  res: ServerResponse
  method: string
  /** What the steps of one request tell each other. */
  state: object
  /** `false`: the answer has been sent, and Koa must send none. */
  respond?: boolean | undefined
}
