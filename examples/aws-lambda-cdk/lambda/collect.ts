/** HTTP API → here → Conversions API. A 200 means that Meta has the event; there is no queue, so an outage of Meta's becomes a 503. */
import { httpHandler } from './http-handler.js'

export const handler = httpHandler()
