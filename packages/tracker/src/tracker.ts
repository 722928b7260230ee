/**
 * The tracker, put together: what the page tells its pixel becomes events, and events go to the collector.
 */
import { createDelivery } from './delivery.js'
import { newEventId } from './event-id.js'
import { placeBaseCode } from './fbq/base-code.js'
import { readCommand } from './fbq/command.js'
import { hookFbq } from './fbq/hook.js'
import { createPixels, type CountedEvent } from './fbq/pixels.js'
import { createIdentity } from './identity.js'
import { DEFAULTS, type TrackerOptions } from './options.js'
import { snapshot } from './snapshot.js'
import type { TrackedEvent } from './body.js'
import type { Tracker, TrackOptions } from './api.js'
import type { CustomData, PixelState, UserData } from '@pixel-mirror/common'
import { VERSION } from './version.js'

/** How long the first copies wait to learn whether `fbevents.js` arrives. */
const PIXEL_PATIENCE_MS = 3_000

declare global {
  interface Window {
    _pixelMirror?: Tracker
  }
}

/** Starts the tracker, or returns the one that already runs on this page. */
export function startTracker(given: TrackerOptions = {}, nonce?: string): Tracker {
  if (window._pixelMirror) return window._pixelMirror
  const options: Required<TrackerOptions> = { ...DEFAULTS, ...given }

  let held = false
  /** Calls of our own API from before it is known whether the page has a pixel. */
  let early: (() => void)[] | undefined = []
  /** Whether `mirror.pixel` can be told. */
  let pixelKnown = false
  /** What a call of our own API adds to the event that comes of it. */
  let extra: { _userData?: UserData | undefined; _time?: number } | undefined
  let counted = false

  const nowS = () => Math.floor(Date.now() / 1_000)

  const onEvent = ({ _pixel, _name, _data, _id }: CountedEvent) => {
    const [dpo, country, state] = pixels._dataProcessing ?? []
    const userData = extra?._userData ? { ..._pixel._userData, ...extra._userData } : _pixel._userData
    counted = true
    delivery._add({
      event_name: _name,
      event_time: extra?._time ?? nowS(),
      event_id: _id,
      custom_data: _data as CustomData,
      pixel_id: _pixel._id,
      event_source_url: location.href,
      referrer_url: document.referrer || undefined,
      user_data: userData,
      data_processing_options: dpo,
      data_processing_options_country: country,
      data_processing_options_state: state,
    } as TrackedEvent)
  }

  const pixels = createPixels({
    _onEvent: onEvent,
    _onConsent(granted) {
      held = !granted
      if (granted) void delivery._flush()
    },
    _onHint() {},
  })

  const identity = createIdentity(() => options.cookieDomain)

  const pixelState = (): PixelState => (hook._isLoaded() ? 'loaded' : hook._fbq() ? 'blocked' : 'absent')

  const delivery = createDelivery({
    _url: () => options.collectorUrl,
    _context: () => ({
      action_source: 'website',
      user_data: identity._read() as UserData,
      mirror: { pixel: pixelState(), sent_at: Date.now(), version: VERSION },
    }),
    _mayLeave: () => pixelKnown && !held,
    _onOutcome() {},
  })

  const settle = () => {
    pixelKnown = true
    void delivery._flush()
  }

  const hook = hookFbq({
    _see(args, self) {
      const command = readCommand(args)
      const known = extra
      return {
        _args: command._args,
        _count() {
          const before = extra
          extra = known
          try {
            pixels._take(command, self)
          } finally {
            extra = before
          }
        },
      }
    },
    _prelude: () => [],
    _onLoaded: settle,
  })

  /** The page has been read: from here on it is known whether it has a pixel of its own. */
  const begin = () => {
    hook._arm()
    const ids = String(options.pixelId)
      .split(/[\s,]+/)
      .filter(Boolean)
    if (!hook._fbq() && ids[0] && options.loadPixel) {
      placeBaseCode(nonce)
      ids.forEach((id) => window.fbq!('init', id))
      window.fbq!('track', 'PageView')
    }
    const calls = early ?? []
    early = undefined
    calls.forEach((call) => call())
    if (!hook._fbq()) settle()
  }

  const say = (
    name: string,
    data: unknown,
    verb: string,
    { eventID = newEventId(), pixelId, userData }: TrackOptions = {},
  ) => {
    const time = nowS()
    const tell = () => {
      const fbq = hook._fbq()
      extra = { _userData: snapshot(userData), _time: time }
      if (fbq) {
        fbq(...(pixelId ? [verb.replace('track', 'trackSingle'), pixelId] : [verb]), name, data ?? {}, { eventID })
      } else {
        onEvent({
          _pixel: { _id: pixelId ?? String(options.pixelId), _initData: undefined, _userData: undefined },
          _name: name,
          _data: snapshot(data),
          _id: eventID,
        })
      }
      extra = undefined
    }
    if (early) early.push(tell)
    else tell()
    return eventID
  }

  addEventListener(
    'error',
    (event) => {
      if (/\/fbevents\.js/.test((event.target as HTMLScriptElement | null)?.src ?? '')) settle()
    },
    true,
  )
  setTimeout(settle, PIXEL_PATIENCE_MS)
  addEventListener('pagehide', () => {
    pixelKnown = true
    void delivery._flush()
  })
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', begin)
  else begin()

  const tracker: Tracker = {
    version: VERSION,
    track: (name, data, options) => say(name, data, 'track', options),
    trackCustom: (name, data, options) => say(name, data, 'trackCustom', options),
    flush: () => delivery._flush(),
  }
  void counted
  return (window._pixelMirror = tracker)
}
