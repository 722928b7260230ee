import { ACTION_SOURCES } from '@pixel-mirror/common'
import type { ActionSource } from '@pixel-mirror/common'
import type { Findings } from '../findings.js'
import type { Incoming } from '../prepare.js'
import type { Received } from '../received.js'

const KNOWN = new Set<string>(ACTION_SOURCES)

/** Where the event happened. A browser cannot speak for any place but a website. */
export function readActionSource(incoming: Incoming, { sender }: Received, findings: Findings): ActionSource {
  const value = incoming.action_source
  if (sender === 'browser') {
    if (value != null && value !== 'website') findings.repair('action_source_overridden', 'action_source')
    return 'website'
  }
  if (value == null) return missing(incoming, findings)
  const word = typeof value === 'string' ? value.trim().toLowerCase() : ''
  if (!KNOWN.has(word)) findings.refuse('action_source_unknown', 'action_source')
  else if (word !== value) findings.repair('action_source_lower_case', 'action_source')
  return KNOWN.has(word) ? (word as ActionSource) : 'other'
}

/** What names a page and no other place happened there. */
function missing(incoming: Incoming, findings: Findings): ActionSource {
  if (incoming.event_source_url == null) {
    findings.refuse('action_source_missing', 'action_source')
    return 'other'
  }
  findings.repair('action_source_missing', 'action_source')
  return 'website'
}
