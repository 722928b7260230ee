import { GRAPH_ERRORS, objectMissing, type GraphError } from '../graph/graph-error.js'
import { refused } from '../graph/refused.js'
import { throttleError } from '../graph/throttle-errors.js'
import { usageHeaders } from '../graph/usage-headers.js'
import { text, type Answer } from '../http/answer.js'
import type { Delivery } from '../http/delivery.js'
import type { Fault } from './active-behaviours.js'

/** What becomes of one request. */
export interface Effect {
  /** Whether the events are judged and remembered all the same. */
  taken: boolean
  /** Instead of the right answer. */
  answer?: Answer
  delivery: Delivery
}

const WHOLE: Delivery = { kind: 'whole' }

/** What a fault does to a request for this pixel. */
export function effectOf(behaviour: Fault, pixelId: string): Effect {
  switch (behaviour.kind) {
    case 'throttle': {
      const { code = 4, regainMinutes = 1, retryAfterS, status = 400 } = behaviour
      const headers = usageHeaders(pixelId, 100, regainMinutes)
      const retryAfter = retryAfterS !== undefined && { 'retry-after': String(retryAfterS) }
      return instead({ ...throttleError(code), status }, false, { ...headers, ...retryAfter })
    }
    case 'server_error': {
      const { status = 500, code = 2, taken } = behaviour
      const message = 'An unexpected error has occurred. Please retry your request later.'
      return instead({ status, code, type: 'OAuthException', message, transient: true }, taken)
    }
    case 'html': {
      const { status = 502, taken = false } = behaviour
      const page =
        '<!DOCTYPE html><html><head><title>Error</title></head><body>Sorry, something went wrong.</body></html>'
      return { taken, answer: text(status, 'text/html; charset=utf-8', page), delivery: WHOLE }
    }
    case 'reset':
    case 'hang':
      return { taken: behaviour.taken ?? false, delivery: { kind: behaviour.kind } }
    case 'half':
      return { taken: true, delivery: { kind: 'half' } }
    case 'drip': {
      const { ms = 100, pieceBytes = 8 } = behaviour
      return { taken: true, delivery: { kind: 'drip', ms, pieceBytes: Math.max(1, pieceBytes) } }
    }
    case 'bad_token':
      return instead({ ...GRAPH_ERRORS.expiredToken, subcode: behaviour.subcode ?? 463 })
    case 'wrong_pixel':
      return instead(objectMissing('POST', pixelId))
    case 'permission': {
      const { code = 200 } = behaviour
      return instead({ ...GRAPH_ERRORS.noPermission, code, message: `(#${code}) Permissions error` })
    }
    case 'deprecated_version':
      return instead(GRAPH_ERRORS.deprecatedVersion)
    case 'graph_error': {
      const { status = 400, code, subcode, message = `(#${code}) An error on demand`, transient, taken } = behaviour
      const optional = { ...(subcode !== undefined && { subcode }), ...(transient !== undefined && { transient }) }
      return instead({ status, code, type: 'OAuthException', message, ...optional }, taken)
    }
  }
}

function instead(error: GraphError, taken = false, headers: Record<string, string> = {}): Effect {
  return { taken, answer: refused(error, headers), delivery: WHOLE }
}
