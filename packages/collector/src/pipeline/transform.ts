import type { ServerEvent } from '@pixel-mirror/common'
import type { Draft } from './draft.js'
import type { Findings } from './findings.js'
import type { Dropped } from './leave-out.js'
import type { PipelineOptions } from './pipeline-options.js'
import type { Received } from './received.js'
import { validate } from './validate/validate.js'

/**
 * Lets the site's own code change an event or veto it. What it returns is checked like what a server sends.
 * An event that is refused anyway is not shown to it.
 */
export function transform(
  draft: Draft,
  pixelId: string | undefined,
  received: Received,
  { transform: change, onTransformError }: PipelineOptions,
  findings: Findings,
): Draft | Dropped {
  if (change === undefined || pixelId === undefined || findings.issues.length > 0) return draft
  // `null` is no part of the type, and what plain JavaScript returns for "nothing" at times.
  let changed: ServerEvent | undefined | null
  try {
    changed = change(structuredClone(withoutUndefined(draft)), { pixelId, received })
  } catch (error) {
    // To let the event pass unchanged could send what the site meant to keep back.
    findings.refuse('transform_failed', '')
    onTransformError?.(error)
    return draft
  }
  return changed == null
    ? { kind: 'dropped', pixelId, reason: 'vetoed' }
    : validate(changed, { ...received, sender: 'server' }, findings)
}

function withoutUndefined(draft: Draft): ServerEvent {
  return Object.fromEntries(Object.entries(draft).filter(([, value]) => value !== undefined)) as unknown as ServerEvent
}
