import { address } from './address.js'
import { enrich } from './enrich/enrich.js'
import { Findings } from './findings.js'
import { finish } from './finish.js'
import { guard } from './guard/guard.js'
import { leaveOut } from './leave-out.js'
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
 * Synchronous and pure: it touches nothing but its arguments' answers.
 */
export function prepare(incoming: Incoming, received: Received, options: PipelineOptions): Prepared {
  const findings = new Findings()

  const pixelId = address(incoming, received, options, findings)
  const valid = validate(incoming, received, findings)
  const enriched = enrich(valid, received, options, findings)
  const reason = leaveOut(enriched, received, options)
  const transformed = reason ?? transform(enriched, pixelId, received, options, findings)
  if (typeof transformed === 'string' && pixelId !== undefined) return { kind: 'dropped', pixelId, reason: transformed }

  const normalised = normalise(typeof transformed === 'string' ? enriched : transformed, received, options, findings)
  const guarded = guard(normalised, findings)
  meetsMeta(guarded, received, findings)

  return finish(guarded, { incoming, pixelId, received, findings })
}
