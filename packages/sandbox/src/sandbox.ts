import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { EventCopies, ReceivedCopy } from './copies/copy.js'
import type { CopyCounts } from './copies/ledger.js'
import { resolveOptions, type SandboxOptions } from './options.js'
import type { Refusal } from './refusal.js'
import { handle } from './routes.js'
import { createState } from './state.js'

/** Sums since the start or the last `forget()`. */
export interface SandboxCounts extends CopyCounts {
  /** Requests to the edge. */
  requests: number
  acceptedRequests: number
  refusedRequests: number
}

/** A stand-in for Meta: the Conversions API's edge, the pixel's `/tr`, and eyes to see what arrived. */
export interface Sandbox {
  /** Listens. Port 0, the default, is any free one; the host is this machine alone unless named. */
  start: (port?: number, host?: string) => Promise<{ url: string; port: number }>
  /** Stops listening and cuts every connection, also those that hang on purpose. */
  stop: () => Promise<void>
  /** Answers one request: to mount the sandbox in another server. */
  handler: (req: IncomingMessage, res: ServerResponse) => void
  /** Every copy, in the order of arrival. Empty unless `keep` is `'all'`. */
  received: () => ReceivedCopy[]
  /** The events with their copies, in the order in which the first copy arrived. Empty with `keep: 'counts'`. */
  copies: () => EventCopies[]
  counts: () => SandboxCounts
  /** The latest refusals, the oldest first. */
  refusals: () => Refusal[]
  /** Forgets copies, counts and refusals. */
  forget: () => void
}

export function createSandbox(options: SandboxOptions = {}): Sandbox {
  const state = createState(resolveOptions(options))
  const handler = (req: IncomingMessage, res: ServerResponse) => void handle(state, req, res)
  let server: Server | undefined

  return {
    handler,
    async start(port = 0, host = '127.0.0.1') {
      if (server) throw new Error('The sandbox is running already.')
      const listening = createServer(handler)
      await new Promise<void>((resolve, reject) => {
        listening.once('error', reject)
        listening.listen(port, host, resolve)
      })
      server = listening
      const { port: actual } = listening.address() as AddressInfo
      const reachable = host === '0.0.0.0' || host === '::' ? 'localhost' : host
      return { url: `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${actual}`, port: actual }
    },
    async stop() {
      const stopping = server
      server = undefined
      if (!stopping) return
      await new Promise((resolve) => {
        stopping.close(resolve)
        stopping.closeAllConnections()
      })
    },
    received: () => state.ledger.received(),
    copies: () => state.ledger.copies(),
    counts: () => ({ ...state.requests, ...state.ledger.counts() }),
    refusals: () => [...state.refusals],
    forget: () => state.forget(),
  }
}
