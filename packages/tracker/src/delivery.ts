/**
 * Brings events to the collector: gathers what belongs together, sends it so that it survives the end of the page, and tries again.
 *
 * A `text/plain` body without headers of our own needs no preflight, which at the end of a page would come too late. What cannot be
 * sent before the page goes waits in storage, without personal data, for the next page: storage holds only what no visible
 * page holds, so that two tabs never send the same event.
 */
import type { PixelState } from '@pixel-mirror/common'
import { granted } from './consent.js'
import { isLocked, library } from './fbq/library.js'
import { readIdentity } from './identity.js'
import { nowS } from './now.js'
import { options } from './options.js'
import { attempt, hint, report, type TrackedEvent } from './report.js'
import { PREFIX } from './prefix.js'
import { store, takeStored } from './storage.js'
import { VERSION } from './version.js'

/** How long after the first event of a burst its request leaves. */
const BURST_MS = 50
/**
 * How many characters may be in flight with keepalive. Browsers allow 64 KiB, and a character takes up to three bytes; they allow
 * 256 requests, too, which bodies of 300 characters and more cannot reach within that.
 */
const MAX_KEEPALIVE_LENGTH = 20_000
/** The most that one request carries, well below what the collector and Meta take. */
const MAX_EVENTS = 100
/** What waits in memory, for a consent or a collector; the oldest go first. */
const MAX_WAITING = 1_000
/** How much longer, at most, each further wait for a collector that does not answer is. */
const BACKOFF_STEP_MS = 5_000
/** How long events wait in storage: Meta forgets the browser's copy after 48 hours. */
const MAX_STORED_S = 47 * 3_600

const waiting: TrackedEvent[] = []
/** What is on its way, as far as it has to be known. */
let flying: TrackedEvent[] = []
let timer: number | undefined
/** Whether the collector is to be left in peace for a while. */
let resting = false
let failures = 0
let keepaliveLength = 0
/** Whether it is known what became of `fbevents.js`, which every copy tells. */
let pixelIsKnown = false

const mayLeave = () => granted && pixelIsKnown && !isLocked() && !(document as { prerendering?: boolean }).prerendering

/** From now on the state of the pixel is known: what waits may leave. */
export const settle = (): void => {
  pixelIsKnown = true
  show()
}

export const deliver = (event: TrackedEvent): void => {
  waiting.push(event)
  if (waiting.length > MAX_WAITING) report('dropped', waiting.shift()!, 'full')
  later()
}

/** Sends what waits when the burst is over. */
export const later = (): void => {
  timer ??= setTimeout(() => {
    timer = undefined
    void flush()
  }, BURST_MS)
}

/** Sends what waits; resolves when it has been answered. */
export const flush = async (): Promise<void> => {
  while (waiting[0] && mayLeave() && !resting) await send(waiting.splice(0, MAX_EVENTS))
}

const send = async (events: TrackedEvent[]): Promise<void> => {
  const pixel: PixelState = library ? 'loaded' : window.fbq ? 'blocked' : 'absent'
  // What the events have in common stands once.
  const common: Record<string, unknown> = {
    ...events[0],
    event_id: undefined,
    custom_data: undefined,
    action_source: 'website',
    user_data: attempt(readIdentity),
    mirror: { pixel, sent_at: Date.now(), version: VERSION },
  }
  const data = events.map((event) =>
    Object.fromEntries(
      Object.entries(event).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(common[key])),
    ),
  )
  const body = JSON.stringify({ data, common })
  let answer: Answer | undefined
  let retryAfterS: string | null | undefined
  flying = events
  keepaliveLength += body.length
  try {
    const response = await fetch(options.collectorUrl!, {
      method: 'POST',
      body,
      // Beyond the browser's allowance a request without keepalive is better than none.
      keepalive: keepaliveLength < MAX_KEEPALIVE_LENGTH,
      credentials: 'include',
    })
    const { ok, status } = response
    retryAfterS = response.headers.get('retry-after')
    // 5xx, 408 and 429 pass (409 and 428 the collector does not know); all else is an answer.
    if (!/^5|4[02][89]/.test(status as unknown as string)) {
      answer = { error: !ok && status }
      Object.assign(answer, await response.json())
    }
  } catch {
    // No network, an ad blocker, or an answer that is none.
  }
  flying = []
  keepaliveLength -= body.length
  if (answer) failures = 0
  else {
    // Full jitter, so that a collector that comes back is not met by everybody at once.
    failures++
    resting = true
    setTimeout(
      () => {
        resting = false
        void flush()
      },
      +retryAfterS! * 1_000 || Math.random() * BACKOFF_STEP_MS * failures,
    )
  }
  events.forEach((event, index) => {
    if (!answer) return deliver(event)
    const why = answer.error || answer.rejected?.find((rejection) => rejection.index === index)
    report(why ? 'rejected' : 'sent', event, why)
  })
  if (document.hidden) hide()
}

/** The page is hidden, and may never be seen again: sends what it can and stores the rest. */
export const hide = (): void => {
  pixelIsKnown = true
  if (!mayLeave()) return
  void flush()
  // What is on its way to a collector in trouble is not counted on; emptied, it is nobody else's affair.
  if (failures) waiting.push(...flying.splice(0))
  const left = [...waiting]
  // The newest that find room.
  while (left[0] && !store('queue' + Math.random(), left)) left.splice(0, left.length / 2 + 1)
  waiting.splice(-left.length, left.length)
}

/** Takes over what pages that are gone have left in storage. */
const adopt = (): void => {
  takeStored<TrackedEvent[]>('queue', (events) => {
    for (const event of events) {
      if (nowS() - event.event_time < MAX_STORED_S) deliver(event)
      else report('dropped', event, 'expired')
    }
  })
}

/** The page is seen, or may send (again). Two tabs may wake at the same time. */
export const show = (): void => {
  if (mayLeave()) void (navigator.locks?.request(PREFIX, adopt).catch(hint) ?? adopt())
  void flush()
}

/** What the collector answers. */
interface Answer {
  rejected?: { index: number }[]
  error?: unknown
}
