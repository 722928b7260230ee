import type { Draft } from './draft.js'
import type { PipelineOptions } from './pipeline-options.js'
import type { Prepared, Received } from './received.js'

/** An event that is left out on purpose, with its reason. */
export type Dropped = Extract<Prepared, { kind: 'dropped' }>

/**
 * Events that nobody caused (robots, pages loaded ahead of time) are left out before any work is done on them; `undefined` for all others.
 * Servers are believed, and what is for no pixel is refused rather than left out.
 */
export function leaveOut(
  { user_data }: Draft,
  pixelId: string | undefined,
  received: Received,
  { isBot }: PipelineOptions,
): Dropped | undefined {
  if (pixelId === undefined || received.sender === 'server') return undefined
  if (received.prefetch) return { kind: 'dropped', pixelId, reason: 'prefetch' }
  const userAgent = user_data.client_user_agent
  return typeof userAgent === 'string' && isBot(userAgent) ? { kind: 'dropped', pixelId, reason: 'bot' } : undefined
}
