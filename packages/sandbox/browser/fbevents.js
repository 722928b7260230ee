// A small stand-in for Meta's fbevents.js, written from what can be observed from outside, so that a page with Meta's base snippet
// works offline. It keeps the contract that pages and their tools rely on:
//
// - works on whatever `window.fbq` is at this moment, and replaces nothing: sets `callMethod` on it, then drains its queue;
// - sends nothing until the pixel's configuration has arrived, nor while consent is revoked: calls go back on `fbq.queue`;
// - sends a `PageView` once per pixel and page, and automatic ones when the address changes or the page comes back from the cache;
// - takes event ids from the fourth argument only (the fifth of `trackSingle`).
//
// Left out: automatic events (buttons, forms, microdata), the plugins' modules, and whatever else only Meta's servers switch on.

const VERSION = 'pixel-mirror-sandbox'

/** Where this script came from is where it sends to. */
const BASE = new URL('..', /** @type {HTMLScriptElement} */ (document.currentScript).src).href

/** @param {Fbq} fbq */
function startPixel(fbq) {
  const startedMs = Date.now()
  /** @type {Map<string, Pixel>} */
  const pixels = new Map()
  /** @type {Set<string>} */
  const locks = new Set()
  /** @type {Set<string>} */
  const pageViewsSent = new Set()
  /** @type {unknown[]} */
  let dataProcessing = []
  /** Ids of pixels that `track` leaves out, and of those without cookies; `*` is every pixel. */
  const singleOnly = new Set()
  const withoutCookies = new Set()
  let addressIsWatched = false

  /** @type {Record<string, (self: Fbq | null | undefined, ...args: any[]) => void>} */
  const commands = {
    init(_, pixelId, userData = {}, options = {}) {
      const id = String(pixelId)
      if (!/^\d+$/.test(id)) return warn('INVALID_PIXEL_ID', id)
      const known = pixels.get(id)
      if (!known) return setUp(id, userData ?? {}, options ?? {})
      const addsUserData = Object.keys(known.userData).length === 0 && Object.keys(userData ?? {}).length > 0
      if (addsUserData) known.userData = userData
      else warn('DUPLICATE_PIXEL_ID', id)
    },
    track: (self, name, params, eventData) => sendToAll(self, name, params, eventData),
    trackCustom: (self, name, params, eventData) => sendToAll(self, name, params, eventData),
    trackSingle: (_, pixelId, name, params, eventData) => sendToOne(pixelId, name, params, eventData, { tm: '1' }),
    trackSingleCustom: (_, pixelId, name, params, eventData) =>
      sendToOne(pixelId, name, params, eventData, { tm: '2' }),
    consent(_, action) {
      if (action === 'revoke') locks.add('consent')
      else if (action === 'grant') unlock('consent')
      else warn('INVALID_CONSENT_ACTION', String(action))
    },
    dataProcessingOptions(_, ...args) {
      // With options and country but no state the call is ignored, silently.
      if (args.length !== 2) dataProcessing = args
    },
    set(_, property, value, pixelId) {
      const id = String(pixelId ?? '*')
      if (property === 'trackSingleOnly') toggle(singleOnly, id, value === true)
      if (property === 'firstPartyCookies') toggle(withoutCookies, id, value === false)
      const pixel = pixels.get(id)
      if (property === 'agent' && pixel) pixel.agent = String(value)
    },
  }

  /** @param {string} id @param {Record<string, unknown>} userData @param {{ agent?: string }} options */
  function setUp(id, userData, options) {
    mendUserData(userData)
    const agent = String(options.agent ?? fbq.agent ?? '')
    pixels.set(id, { id, agent, eventCount: 0, userData, firstPartyCookies: false })
    if (fbq.disableConfigLoading === true) return
    locks.add(`config:${id}`)
    const script = document.createElement('script')
    script.async = true
    script.src = `${BASE}signals/config/${id}?v=${VERSION}&r=stable&domain=${location.hostname}`
    const first = document.getElementsByTagName('script')[0]
    first?.parentNode?.insertBefore(script, first)
  }

  /** @param {Fbq | null | undefined} self @param {unknown} name @param {unknown} params @param {unknown} eventData */
  function sendToAll(self, name, params, eventData) {
    // Without a `this` it is the pixel's own doing: marked, and never held to be a repetition.
    const automatic = self === null || self === undefined
    for (const pixel of pixels.values()) {
      if (singleOnly.has(pixel.id)) continue
      const repeated = name === 'PageView' && pageViewsSent.has(pixel.id)
      if (repeated && !automatic && self.allowDuplicatePageViews !== true) continue
      if (name === 'PageView') pageViewsSent.add(pixel.id)
      send(pixel, name, params, eventData, automatic ? { 'ie[a]': '1' } : {})
    }
  }

  /** @param {unknown} pixelId @param {unknown} name @param {unknown} params @param {unknown} eventData @param {Record<string, string>} extra */
  function sendToOne(pixelId, name, params, eventData, extra) {
    const pixel = pixels.get(String(pixelId))
    if (pixel) send(pixel, name, params, eventData, extra)
    else warn('PIXEL_NOT_INITIALIZED', String(pixelId))
  }

  /** @param {Pixel} pixel @param {unknown} name @param {unknown} customData @param {unknown} eventData @param {Record<string, string>} extra */
  function send(pixel, name, customData, eventData, extra) {
    const sender = { endpoint: `${BASE}tr/`, version: VERSION, startedMs, dataProcessing }
    sendHit(sender, pixel, { name: String(name ?? ''), customData, eventId: eventIdOf(eventData), extra })
    if (!addressIsWatched) watchAddress()
    addressIsWatched = true
  }

  function watchAddress() {
    let last = location.href
    const automaticPageView = () => dispatch(null, ['track', 'PageView'])
    const look = () => {
      if (location.href === last) return
      last = location.href
      automaticPageView()
    }
    // Coming back from the cache cannot be switched off.
    window.addEventListener('pageshow', ({ persisted }) => persisted && automaticPageView())
    if (fbq.disablePushState === true) return
    for (const method of /** @type {const} */ (['pushState', 'replaceState'])) {
      const native = history[method]
      history[method] = function (...args) {
        native.apply(this, args)
        look()
      }
    }
    window.addEventListener('popstate', look)
  }

  /** @param {Fbq | null | undefined} self @param {ArrayLike<unknown>} given */
  function dispatch(self, given) {
    const [verb, ...args] = given.length === 1 && Array.isArray(given[0]) ? given[0] : Array.from(given)
    if (locks.size > 0 && verb !== 'consent') {
      fbq.queue.push(given)
      return
    }
    const [, legacyName] = /^report(.+)$/.exec(String(verb)) ?? []
    const command = legacyName ? commands['track'] : Object.hasOwn(commands, String(verb)) && commands[String(verb)]
    if (command) command(self, ...(legacyName ? [legacyName] : []), ...args)
    else if (!PASSED_OVER.has(String(verb))) warn('INVALID_FBQ_METHOD', String(verb))
  }

  function drain() {
    while (locks.size === 0) {
      const waiting = fbq.queue.shift()
      if (!waiting) return
      dispatch(fbq, waiting)
    }
  }

  /** @param {string} name */
  function unlock(name) {
    locks.delete(name)
    drain()
  }

  fbq.version = VERSION
  fbq.callMethod = function () {
    dispatch(/** @type {Fbq} */ (this), arguments)
  }
  fbq.instance = {
    configLoaded(id) {
      const pixel = pixels.get(id)
      if (pixel) pixel.firstPartyCookies = !withoutCookies.has(id) && !withoutCookies.has('*')
      unlock(`config:${id}`)
    },
  }
  fbq.getState = () => ({ pixelInitializationTime: startedMs, pixels: [...pixels.values()] })
  if (fbq !== window._fbq)
    warn('CONFLICTING_VERSIONS', 'Multiple pixels with conflicting versions were detected on this page')
  drain()
}

/** Commands of Meta's script that mean nothing here. */
const PASSED_OVER = new Set(
  'trackSingleSystem trackShopify trackWebchat send fire on loadPlugin optIn optOut disabledExtensions addPixelId setUserProperties gateCheck skipOpenbridge'.split(
    ' ',
  ),
)

/** `eventID` or `event_id`, also one level down; numbers become text, an empty text is none. @param {any} data @returns {string | undefined} */
function eventIdOf(data) {
  if (typeof data !== 'object' || data === null) return undefined
  const given = data.eventID ?? data.event_id
  const id = typeof given === 'object' && given !== null ? (given.eventID ?? given.event_id) : given
  return id === undefined || id === null || id === '' ? undefined : String(id)
}

/** @param {Set<unknown>} set @param {unknown} member @param {boolean} isIn */
function toggle(set, member, isIn) {
  if (isIn) set.add(member)
  else set.delete(member)
}

/** @param {string} type @param {string} about */
function warn(type, about) {
  console.warn(`[Meta Pixel, stand-in] ${type}: ${about}`)
}

// A second copy of the script finds the first at work.
if (window.fbq && !window.fbq.instance) startPixel(window.fbq)
