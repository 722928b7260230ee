import { address } from './address.js'
import { enrich } from './enrich/enrich.js'
import { Findings } from './findings.js'
import { finish } from './finish.js'
import { guard } from './guard/guard.js'
import { leaveOut } from './leave-out.js'
import { recall } from './match-memory.js'
import { normalise } from './normalise/normalise.js'
import type { PipelineOptions } from './pipeline-options.js'
import type { Prepared, Received } from './received.js'
import { meetsMeta } from './requirements.js'
import { transform } from './transform.js'
import { validate } from './validate/validate.js'

/** One event as it arrived: an object at least; what is inside is anybody's guess. */
export type Incoming = Readonly<Record<string, unknown>>

/**
 * One event's way from the socket to the queue. Every step adds to `findings`, so that all reasons are told at once.
 *
 * Synchronous and pure: what it is given stays as it was, and it touches nothing else.
 */
export function prepare(incoming: Incoming, received: Received, options: PipelineOptions): Prepared {
  const findings = new Findings()

  const pixelId = address(incoming, received, options, findings)
  const valid = validate(incoming, received, findings)
  enrich(valid, received, options, findings)
  const draft = leaveOut(valid, pixelId, received, options) ?? transform(valid, pixelId, received, options, findings)
  if ('kind' in draft) return draft

  normalise(draft, received, options, findings)
  const matchData = received.matchMemory && recall(draft, received.matchMemory.get(pixelId ?? ''))
  guard(draft, findings)
  meetsMeta(draft, received, findings)
  return finish(draft, { incoming, pixelId, received, findings, matchData })
}
