import type { DropReason } from '../queue/queue.js'
import type { Draft } from './draft.js'
import type { PipelineOptions } from './pipeline-options.js'
import type { Received } from './received.js'

/** Why an event is left out on purpose, before any work is done on it; `undefined` when it stays. Servers are believed. */
export function leaveOut({ user_data }: Draft, received: Received, { isBot }: PipelineOptions): DropReason | undefined {
  if (received.sender === 'server') return undefined
  if (received.prefetch) return 'prefetch'
  const userAgent = user_data.client_user_agent
  return typeof userAgent === 'string' && isBot(userAgent) ? 'bot' : undefined
}
