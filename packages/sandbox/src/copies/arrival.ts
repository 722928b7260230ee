import { isObject } from '../rules/field-type.js'
import type { BrowserHit } from '../pixel/browser-hit.js'
import type { BrowserCopy, CopyBase, ReceivedCopy, ServerCopy } from './copy.js'

/** A copy at the door: what the ledger has to know to pair it, and how to make the whole of it where that is wanted. */
export interface Arrival {
  channel: 'browser' | 'server'
  pixel_id: string
  event_name: string
  event_id?: string
  /** What tells this visitor from others, where the copies have no id in common. */
  visitor: string[]
  whole: (base: CopyBase) => ReceivedCopy
}

export function browserArrival(hit: BrowserHit): Arrival {
  const { pixel_id, event_name, event_id, other, user_data } = hit
  return {
    channel: 'browser',
    pixel_id,
    event_name,
    ...(event_id !== undefined && { event_id }),
    visitor: visitor(other['fbp'], user_data['external_id']),
    whole: (base): BrowserCopy => ({ ...base, channel: 'browser', hit }),
  }
}

export function serverArrival(
  pixelId: string,
  event: Record<string, unknown>,
  about: Pick<ServerCopy, 'request' | 'test_event_code'>,
  warn: (event: Record<string, unknown>) => string[],
): Arrival {
  const { event_id: id, event_name: name, user_data: user } = event
  return {
    channel: 'server',
    pixel_id: pixelId,
    event_name: typeof name === 'string' ? name : '',
    ...(typeof id === 'string' && { event_id: id }),
    visitor: isObject(user) ? visitor(user['fbp'], user['external_id']) : [],
    whole: (base): ServerCopy => ({ ...base, channel: 'server', event, ...about, warnings: warn(event) }),
  }
}

function visitor(fbp: unknown, externalIds: unknown): string[] {
  const ids = [externalIds].flat().filter((id) => typeof id === 'string')
  return [...(typeof fbp === 'string' ? [`fbp ${fbp}`] : []), ...ids.map((id) => `external_id ${id}`)]
}
