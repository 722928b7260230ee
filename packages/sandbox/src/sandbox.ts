import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { ActiveBehaviour } from './behaviour/active-behaviours.js'
import type { Behaviour } from './behaviour/behaviour.js'
import { readBehaviour } from './behaviour/read-behaviour.js'
import type { EventCopies, ReceivedCopy } from './copies/copy.js'
import type { CopyCounts } from './copies/ledger.js'
import { AlreadyRunningError, InvalidBehaviourError, NotArrivedError } from './errors.js'
import { listen, type Address } from './http/listen.js'
import { resolveOptions, type SandboxOptions } from './options.js'
import type { Refusal } from './refusal.js'
import { handle } from './routes.js'
import { createState, type RequestCounts } from './state.js'

/** Sums since the start or the last `forget()`. */
export type SandboxCounts = RequestCounts & CopyCounts

/** A stand-in for Meta: the Conversions API's edge, the pixel's `/tr`, and eyes to see what arrived. */
export interface Sandbox {
  /**
   * Listens. Port 0, the default, is any free one; the host is this machine alone unless named.
   *
   * @throws {AlreadyRunningError}, or the error of `listen()`: `EADDRINUSE` where the port is taken.
   */
  start: (port?: number, host?: string) => Promise<Address>
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
  /**
   * Misbehaves from now on. Returns what ends it.
   *
   * @throws {InvalidBehaviourError}
   */
  behave: (...behaviours: Behaviour[]) => () => void
  /** The behaviours in force. */
  behaviours: () => ActiveBehaviour[]
  /** Behaves well again. */
  clearBehaviours: () => void
  /**
   * Resolves as soon as the condition holds; it is looked at whenever something arrives.
   *
   * @throws {NotArrivedError} after `timeoutMs` milliseconds, 10,000 unless named.
   */
  until: (condition: (sandbox: Sandbox) => boolean, timeoutMs?: number) => Promise<void>
}

export function createSandbox(options: SandboxOptions = {}): Sandbox {
  const state = createState(resolveOptions(options))
  let server: Server | undefined

  const sandbox: Sandbox = {
    handler: (req, res) => void handle(state, req, res),
    async start(port = 0, host = '127.0.0.1') {
      if (server) throw new AlreadyRunningError('The sandbox is running already.')
      server = createServer(sandbox.handler)
      try {
        return await listen(server, port, host)
      } catch (error) {
        server = undefined
        throw error
      }
    },
    async stop() {
      const stopping = server
      server = undefined
      await new Promise<void>((resolve) => {
        if (!stopping) return resolve()
        stopping.close(() => resolve())
        stopping.closeAllConnections()
      })
    },
    received: () => state.ledger.received(),
    copies: () => state.ledger.copies(),
    counts: () => ({ ...state.requests, ...state.ledger.counts() }),
    refusals: () => [...state.refusals],
    forget: () => state.forget(),
    behave(...behaviours) {
      const issues = behaviours.map(readBehaviour).flatMap((read) => (read.kind === 'wrong' ? read.issues : []))
      if (issues.length > 0) throw new InvalidBehaviourError(issues.join('; '))
      const ids = behaviours.map((behaviour) => state.behaviours.add(behaviour))
      return () => ids.forEach((id) => state.behaviours.remove(id))
    },
    behaviours: () => state.behaviours.list(),
    clearBehaviours: () => state.behaviours.clear(),
    until: (condition, timeoutMs = 10_000) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!condition(sandbox)) return
          end()
          resolve()
        }
        const timer = setTimeout(() => {
          end()
          const seen = JSON.stringify(sandbox.counts())
          reject(new NotArrivedError(`Nothing that fits arrived within ${timeoutMs} ms. Seen so far: ${seen}`))
        }, timeoutMs)
        const end = () => {
          clearTimeout(timer)
          state.watchers.delete(look)
        }
        state.watchers.add(look)
        look()
      }),
  }
  return sandbox
}
