/**
 * The tracker, put together: what the page tells its pixel becomes events, and events go to the collector.
 */
import type { UserData } from '@pixel-mirror/common'
import type { Tracker, TrackOptions } from './api.js'
import { flush, hide, leave, settle, show } from './delivery.js'
import { newEventId } from './event-id.js'
import { placeBaseCode } from './fbq/base-code.js'
import { arm, armed, tell } from './fbq/hook.js'
import { identified, identifiedFor } from './fbq/pixels.js'
import { lookForClick } from './identity.js'
import { options, type TrackerOptions } from './options.js'
import { checkReturn, checkRoute, pageView, watchHistory } from './page-views.js'
import { attempt, hint, on } from './report.js'
import { PREFIX } from './prefix.js'
import { store, takeStored } from './storage.js'
import { snapshot } from './snapshot.js'

/** How long the first copies wait to learn whether `fbevents.js` arrives. */
const PIXEL_PATIENCE_MS = 3_000

/** One tracker per page, however often it is loaded. */
const page = () => window as unknown as Record<string, Tracker | undefined>

/** Takes calls of our own API; until it is known whether the page has a pixel, it keeps them. */
let calls: { push: (args: unknown[]) => unknown } = [] as unknown[][]

/**
 * Starts the tracker, or returns the one that runs on this page already.
 *
 * @param given - Options; a module has no script element to take them from.
 * @param early - Calls that were made before, each with the method's name and its arguments.
 */
export const startTracker = (given: TrackerOptions, early: unknown[][] = []): Tracker =>
  (page()[PREFIX] ??= start(given, early))

const start = (given: TrackerOptions, early: unknown[][]): Tracker => {
  const methods = api as unknown as Record<string, (...args: unknown[]) => unknown>
  for (const name in methods) {
    const method = methods[name]!
    methods[name] = (...args) => attempt(() => method(...args))
  }
  options.debug ||= location.href.includes(PREFIX + 'debug')
  lookForClick()
  api.init(given)
  // Before `fbq` is listened to, so that the pixel hears of options and consent before anything else.
  for (const [name, ...args] of early) methods[name as string]?.(...args)
  arm()
  watchHistory()
  const listeners = {
    // Pages may have added things to all objects.
    __proto__: null,
    error: ({ target }: Event) => /fbevents/.test((target as HTMLScriptElement).src) && settle(),
    DOMContentLoaded: setUp,
    pageshow: checkReturn,
    pagehide: leave,
    load: arm,
    popstate: checkRoute,
    // Also when a prerendered page is shown.
    visibilitychange: () => (document.hidden ? hide : show)(),
  }
  // Capturing, because a script's error goes no further than the script.
  for (const type in listeners) addEventListener(type, listeners[type as 'load'], true)
  setTimeout(settle, PIXEL_PATIENCE_MS)
  if (document.readyState !== 'loading') setUp()
  return api
}

/** The page has been read: from here on it is known whether it has a pixel of its own. */
const setUp = (): void => {
  const fbq = armed()
  const { pixelId = '', loadPixel = true } = options
  // One that is nailed down is none: it hears our own calls, and nobody hears the page's.
  if ((!fbq || fbq !== window.fbq) && (pixelId[0] || !loadPixel)) {
    if (loadPixel) attempt(placeBaseCode)
    else settle()
    for (const id of String(pixelId).split(/\W+/)) tell(['init', id])
    if (options.pageViews !== false) tell(['track', 'PageView'])
  }
  const kept = calls as unknown[][]
  calls = { push: tell }
  kept.forEach?.(tell)
}

const say =
  (verb: string) =>
  (name: string, data?: unknown, options?: TrackOptions): string => {
    const { eventID: given, pixelId, userData } = options ?? {}
    const eventID = given || newEventId()
    identifiedFor[eventID] = snapshot(userData)
    calls.push([...(pixelId ? [verb.replace('k', 'kSingle'), pixelId] : [verb]), name, data, { eventID }])
    return eventID
  }

const api = {
  init(given?: TrackerOptions) {
    Object.assign(options, given)
    if (options.consentRequired) api.consent('revoke')
    if (
      options.limitedDataUse ||
      (options.privacyControl !== false && (navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl)
    ) {
      api.dataProcessingOptions(['LDU'], 0, 0)
    }
    // The page has been read already.
    if (calls.push === tell) setUp()
  },
  track: say('track'),
  trackCustom: say('trackCustom'),
  pageView,
  identify(userData: UserData) {
    Object.assign(identified, snapshot(userData))
  },
  on,
  flush,
  optOut(out = true) {
    takeStored('', hint)
    store('out', out)
    // An objection that is taken back is no consent yet.
    api.consent(out || options.consentRequired ? 'revoke' : 'grant')
  },
  debug(on = true) {
    options.debug = on
  },
} as Tracker
for (const command of ['consent', 'dataProcessingOptions'] as const)
  api[command] = (...args) => tell([command, ...args])
