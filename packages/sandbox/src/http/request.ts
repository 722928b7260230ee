import type { IncomingMessage } from 'node:http'
import type { Answer } from './answer.js'
import type { Delivery } from './delivery.js'

/** A request, taken apart as far as the routes need it. */
export interface Request {
  method: string
  query: URLSearchParams
  /** What the parentheses of the route's pattern caught. */
  caught: string[]
  req: IncomingMessage
}

/** What a route makes of it. */
export interface Reply {
  answer: Answer
  /** @defaultValue whole */
  delivery?: Delivery
}
