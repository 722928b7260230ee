/**
 * Brings events to the collector: gathers what belongs together, sends it so that it survives the end of the page, and tries again.
 *
 * A `text/plain` body without headers of our own needs no preflight, which at the end of a page would come too late; `keepalive` lets a
 * request outlive its page as a beacon does, and be answered where the page lives on. What has no answer when the page goes waits in
 * storage, without personal data, for the next page. What waits there waits nowhere else, so that two tabs do not send the same event; what
 * was on its way may have arrived, and is then sent twice, which its id makes one.
 */
import type { PixelState } from '@pixel-mirror/common'
import { isGranted } from './consent.js'
import { isLocked, library } from './fbq/library.js'
import { readIdentity } from './identity.js'
import { options } from './options.js'
import { attempt, hint, report, type TrackedEvent } from './report.js'
import { PREFIX } from './prefix.js'
import { forget, store, takeStored } from './storage.js'
import { VERSION } from './version.js'

/** How long after the first event of a burst its request leaves. */
const BURST_MS = 50
/** How many bytes may be in flight with keepalive. Browsers allow 64 KiB; and 256 requests, which bodies of 300 bytes and more cannot reach within that. */
const MAX_KEEPALIVE_BYTES = 60_000
/** The most that one request carries, well below what the collector and Meta take. */
const MAX_EVENTS = 100
/** What waits in memory, for a consent or a collector; the oldest go first. */
const MAX_WAITING = 1_000
/** How much longer, at most, each further wait for a collector that does not answer is. */
const BACKOFF_STEP_MS = 5_000
/** How many events wait in storage, the newest. */
const MAX_STORED = 50
/** How long they do: Meta forgets the browser's copy after 48 hours. */
const MAX_STORED_S = 47 * 3_600
/** How long one tab has the storage to itself. */
const ADOPTION_MS = 99

const waiting: TrackedEvent[] = []
/** What is on its way. */
let flying: TrackedEvent[] = []
let timer = 0
/** Whether the collector is to be left in peace for a while. */
let resting = false
let failures = 0
let keepaliveBytes = 0
/** Whether the page has gone: browsers call a request failed then, although it goes on. */
let departed = false
/** Whether it is known what became of `fbevents.js`, which every copy tells. */
let pixelIsKnown = false

const mayLeave = () =>
  pixelIsKnown && !isLocked() && !(document as { prerendering?: boolean }).prerendering && isGranted()

/** From now on the state of the pixel is known: what waits may leave. */
export const settle = (): void => {
  pixelIsKnown = true
  show()
}

export const deliver = (event: TrackedEvent): void => {
  waiting.push(event)
  if (waiting[MAX_WAITING]) report('dropped', waiting.shift()!, 'full')
  later()
  // A page that is going has no later.
  if (departed && mayLeave()) {
    void flush()
    keep(event)
  }
}

/** Sends what waits when the burst is over. */
export const later = (): void => {
  timer ||= setTimeout(() => {
    timer = 0
    void flush()
  }, BURST_MS)
}

/** Sends what waits; resolves when it has been answered. */
export const flush = async (): Promise<void> => {
  while (waiting[0] && mayLeave() && !resting) await send(waiting.splice(0, MAX_EVENTS))
}

/** One request. What it could not bring to the collector waits again. */
const send = async (events: TrackedEvent[]): Promise<void> => {
  // What the events have in common stands once.
  const common: Partial<TrackedEvent> = { ...events[0] }
  const shared: Partial<Record<keyof TrackedEvent, undefined>> = {}
  for (const name in common) {
    const isShared = events.every((event) => JSON.stringify(event[name as Key]) === JSON.stringify(common[name as Key]))
    ;(isShared ? shared : common)[name as Key] = undefined!
  }
  // What the page itself says of a click wins.
  common.user_data = { ...attempt(readIdentity), ...common.user_data }
  const pixel: PixelState = library ? 'loaded' : window.fbq ? 'blocked' : 'absent'
  common.mirror = { pixel, sent_at: Date.now(), version: VERSION }
  const body = JSON.stringify({ common, data: events.map((event) => ({ ...event, ...shared })) })
  let answer: Answer | undefined
  let retryAfterS: string | null | undefined
  const { size } = new Blob([body])
  flying.push(...events)
  keepaliveBytes += size
  try {
    const response = await fetch(options.collectorUrl!, {
      method: 'POST',
      body,
      // Beyond the browser's allowance a request without keepalive is better than none.
      keepalive: keepaliveBytes < MAX_KEEPALIVE_BYTES,
      credentials: 'include',
    })
    retryAfterS = response.headers.get('retry-after')
    // 5xx, 408 and 429 pass (409 and 428 the collector does not know); all else is an answer.
    if (!/^5|4[02][89]/.test(response.status as unknown as string)) {
      answer = { error: !response.ok && response.status, ...((await response.json().catch(hint)) as Answer) }
    }
  } catch {
    // No network, or an ad blocker.
  }
  flying = flying.filter((event) => !events.includes(event))
  keepaliveBytes -= size
  if (answer) {
    failures = 0
    events.forEach((event, index) => {
      const why = answer.error || answer.rejected?.find((rejection) => index === rejection.index)
      unstore(event)
      report(why ? 'rejected' : 'sent', event, why)
    })
  } else if (!departed) {
    // Full jitter, so that a collector that comes back is not met by everybody at once.
    resting = ++failures > 0
    setTimeout(
      () => {
        resting = false
        void flush()
      },
      +retryAfterS! * 1_000 || Math.random() * BACKOFF_STEP_MS * failures,
    )
    events.forEach(deliver)
  }
  if (document.hidden) hide()
}

/** Where an event is stored: once, however often that is tried. */
const placeOf = ({ event_id, pixel_id }: TrackedEvent) => 'queue' + event_id! + pixel_id!

const unstore = (event: TrackedEvent) => forget(placeOf(event))

/** Stores an event. Without an id nobody could tell that two copies of it are one; the pixel has sent such events already. */
const keep = (event: TrackedEvent) => event.event_id && store(placeOf(event), event)

/** The page is hidden, and may never be seen again: sends what it can and stores the rest. */
export const hide = (): void => {
  pixelIsKnown = true
  if (departed || !mayLeave()) return
  void flush()
  // Whether what is on its way has arrived, a page that is gone will not learn.
  flying.slice(-MAX_STORED).forEach(keep)
  waiting.push(...waiting.splice(-MAX_STORED).filter((event) => !keep(event)))
}

/** The page goes. */
export const leave = (): void => {
  hide()
  departed = true
}

/** Takes over what pages that are gone have left in storage. */
const adopt = (): void => {
  takeStored<TrackedEvent>('queue', (event) =>
    event.event_time + MAX_STORED_S > Date.now() / 1_000 ? deliver(event) : report('dropped', event, 'expired'),
  )
}

/** Two tabs may wake at the same time, and what one of them takes away the other one sees a little later. */
const adoptAlone = () => new Promise((done) => setTimeout(done, ADOPTION_MS, adopt()))

/** The page is seen, or may send (again). */
export const show = (): void => {
  departed = false
  // Its answer will be heard.
  flying.forEach(unstore)
  if (mayLeave()) void (navigator.locks?.request(PREFIX, adoptAlone).catch(hint) ?? adopt())
  later()
}

/** The name of any field: as one of them, for the compiler's sake. */
type Key = 'event_id'

/** What the collector answers. */
interface Answer {
  rejected?: { index: number }[]
  error?: unknown
}
