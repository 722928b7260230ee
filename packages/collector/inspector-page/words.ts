import type { FlowState, Twin } from '../src/inspector/api.js'
import type { TurnedAway } from '../src/observer.js'
import type { DropReason } from '../src/queue/queue.js'

/** Our words for what the server names by codes. */

export const TWIN_WORDS: Record<Twin, { short: string; long: string }> = {
  loaded: {
    short: 'Both copies',
    long: 'Meta’s own script runs in this page, so a browser copy is expected too. Both carry the same event id; Meta counts them once.',
  },
  blocked: {
    short: 'Recovered: blocked',
    long: 'The page asked for Meta’s script and did not get it, an ad blocker as a rule. This copy is the only one Meta gets.',
  },
  absent: {
    short: 'Recovered: no pixel',
    long: 'There is no Meta Pixel in this page. This copy is the only one Meta gets.',
  },
  server: { short: 'From your server', long: 'One of your servers sent it with an API key. There is no browser copy.' },
  unknown: {
    short: 'Not known',
    long: 'The sender did not say whether Meta’s script was there: a noscript image, or a client that is not the tracker.',
  },
}

export const STATE_WORDS: Record<FlowState, { short: string; tone: 'good' | 'wait' | 'warn' | 'bad' | 'quiet' }> = {
  waiting: { short: 'Waiting', tone: 'wait' },
  retrying: { short: 'Trying again', tone: 'warn' },
  parked: { short: 'Parked', tone: 'bad' },
  delivered: { short: 'Accepted by Meta', tone: 'good' },
  dead: { short: 'Dead letter', tone: 'bad' },
  expired: { short: 'Expired', tone: 'bad' },
  rejected: { short: 'Refused here', tone: 'bad' },
  dropped: { short: 'Left out', tone: 'quiet' },
  duplicate: { short: 'Known already', tone: 'quiet' },
}

export const DROP_WORDS: Record<string, string> = {
  duplicate: 'The same event (pixel, name and id) was taken within 48 hours already.',
  bot: 'The user agent is a known bot. Meta asks not to be sent those.',
  prefetch: 'The browser fetched the page ahead of time; nobody has seen it yet.',
  vetoed: 'The hook that this collector was given said no.',
  purged: 'It was taken out by hand: moved to another queue.',
} satisfies Record<DropReason, string>

export const TURNED_AWAY_WORDS: Record<string, string> = {
  not_json: 'The body is not JSON.',
  not_an_event: 'The JSON is no event.',
  too_large: 'The body is larger than MAX_BODY_BYTES.',
  encoding: 'The body is compressed: send it as it is.',
  origin: 'The page’s origin is not allowed: add it to ALLOWED_ORIGINS if it is yours.',
  api_key: 'The API key is missing or wrong.',
  rate: 'One address sent more than RATE_LIMIT allows.',
  queue_full: 'The queue is full: free disk space, or raise MAX_QUEUE_BYTES.',
  closing: 'The collector was stopping. Senders try again.',
  timeout: 'The request took too long to arrive.',
  unknown_pixel: 'The pixel is not configured here.',
} satisfies Record<TurnedAway, string>

/** `event_time_in_milliseconds` → `event time in milliseconds`, for codes that have no words of their own. */
export const plainCode = (code: string): string => code.replaceAll('_', ' ').replace(/\bmeta\b/, 'Meta')
