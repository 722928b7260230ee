import { json, type Answer } from '../http/answer.js'
import { envelope, fbtraceId, type GraphError } from './graph-error.js'

/** The answer that carries an error. */
export function refused(error: GraphError, headers: Record<string, string> = {}): Answer {
  return json(error.status, envelope(error, fbtraceId()), headers)
}
