import type { Issue, Mirror, Repair } from '@pixel-mirror/common'
import type { Drops, QueuedEvent } from '../queue/queue.js'
import type { MatchData, MatchMemory } from './match-memory.js'

export type { Repair } from '@pixel-mirror/common'

/** Who sends: a visitor's browser is believed little, a server with an API key is believed. */
export type Sender = 'browser' | 'server'

/** What is known about a request beyond its body. Only `http/received.ts` takes these facts from a request. */
export interface Received {
  sender: Sender
  receivedAtMs: number
  /** The visitor's address after the proxies that are trusted; `undefined` when it is private or unknown. */
  clientIpAddress?: string
  clientUserAgent?: string
  /** Raw values of the cookies `_fbp` and `_fbc`, as the browser sent them. */
  fbp?: string
  fbc?: string
  /** What the browser's earlier events said about its visitor. Missing where that is not remembered. */
  matchMemory?: MatchMemory
  /** The page's origin, checked against the allow-list. */
  origin?: string
  /** The pixels that the page may send for, when it may not for all; events for others are rejected. */
  pixelIds?: ReadonlySet<string>
  /** The request's `Referer`, used where the event names no page. */
  referer?: string
  /** `Sec-Purpose: prefetch` and its like. */
  prefetch: boolean
  /** The pixel that the route names (`POST /v26.0/{pixel_id}/events`); wins over the body. */
  pixelId?: string
  /** From the body's top level. */
  testEventCode?: string
}

/** The visitor's ids as an event carries them in the end; the answer to a browser renews them as cookies. */
export interface Identity {
  fbp?: string | undefined
  fbc?: string | undefined
  /** What is to be remembered of the visitor from now on, where that has changed. */
  matchMemory?: MatchMemory | undefined
}

/** One event's outcome between the socket and the queue. */
export type Prepared =
  | {
      kind: 'ready'
      event: QueuedEvent
      repairs: Repair[]
      mirror: Mirror
      /** Which keys of `user_data` it has in the end. */
      matchKeys: readonly string[]
      /** `custom_data.value` in `custom_data.currency`, where it has both. */
      money?: { value: number; currency: string }
      /** Its `client_ip_address` is an IPv6 address: the kind Meta prefers. */
      ipv6?: boolean
      /** Only of a browser's event. */
      identity?: Identity
      /** What is to be remembered of its visitor from now on, where that has changed. */
      matchData?: MatchData
    }
  /** Meta would refuse it: all reasons at once. Pixel, name and mirror as far as they could be read. */
  | { kind: 'rejected'; eventId?: string; issues: Issue[]; pixelId?: string; eventName?: string; mirror?: Mirror }
  /** Left out on purpose, by name. */
  | { kind: 'dropped'; pixelId: string; reason: Drops[number]['reason'] }
