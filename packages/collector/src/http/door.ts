import type { IncomingMessage } from 'node:http'
import type { Cors } from './cors.js'
import { SERVER } from './entered.js'
import type { Entered } from './entered.js'
import type { Exchange } from './exchange.js'
import type { RateLimit } from './rate-limit.js'
import type { Receiver } from './received.js'
import { Refused } from './refusal.js'

/** Decides who may send: servers by an API key, browsers by their page's origin, and nobody too often. */
export interface Door {
  /**
   * Lets a request in before its body is read.
   *
   * @throws Refused `closing`, `api_key`, `origin` or `rate`
   */
  enter(ctx: Exchange): Entered
  /**
   * Lets a server in whose key may stand in the query or the body, as `access_token`.
   *
   * @param readToken reads the rest of the request and says which key it holds
   * @throws Refused `closing`, `api_key` or `rate`
   */
  enterWithToken(req: IncomingMessage, readToken: () => Promise<string | undefined>): Promise<void>
}

export interface DoorOptions {
  isApiKey: (candidate: string) => boolean
  cors: Cors
  rateLimit: RateLimit
  receiver: Receiver
  /** The collector is not yet or no longer taking events. */
  isClosed: () => boolean
}

export function createDoor({ isApiKey, cors, rateLimit, receiver, isClosed }: DoorOptions): Door {
  const takeTurn = (network: string): void => {
    const waitS = rateLimit.take(network)
    if (waitS > 0) throw new Refused('rate', { retryAfterS: waitS })
  }

  return {
    enter(ctx) {
      const { origin, pixels } = cors.page(ctx)
      if (isClosed()) throw new Refused('closing')
      const key = bearer(ctx.req)
      if (key !== undefined && isApiKey(key)) return SERVER
      takeTurn(receiver.network(ctx.req))
      if (key !== undefined || origin === undefined) throw new Refused('api_key')
      if (pixels === 'none') throw new Refused('origin', { origin })
      return { sender: 'browser', origin, pixels }
    },

    async enterWithToken(req, readToken) {
      if (isClosed()) throw new Refused('closing')
      const key = bearer(req)
      if (key !== undefined && isApiKey(key)) {
        await readToken()
        return
      }
      // Strangers pay with their turn before anything is read for them; who proves to be no stranger gets it back.
      const network = receiver.network(req)
      takeTurn(network)
      const token = key === undefined ? await readToken() : undefined
      if (token === undefined || !isApiKey(token)) throw new Refused('api_key')
      rateLimit.giveBack(network)
    },
  }
}

function bearer({ headers }: IncomingMessage): string | undefined {
  const { authorization } = headers
  return authorization === undefined ? undefined : (/^Bearer +(\S+) *$/i.exec(authorization)?.[1] ?? '')
}
