/* global window, location, history, Image, URLSearchParams */
/**
 * A small stand-in for Meta's fbevents.js, written from its observed behaviour, for tests in a browser.
 *
 * It keeps the contract that pages rely on: reads window.fbq once, sets callMethod, drains the queue, locks while a pixel's configuration
 * loads and while consent is revoked, counts a page view once per pixel, sends automatic ones on route changes, mends the user data that
 * it is given. A second one on the same page finds the first and does nothing.
 */
;(function (w) {
  const VERSION = '9.9.stand-in'
  const fbq = w.fbq
  if (!fbq || fbq.version === VERSION) return
  const warnings = (w.__fbWarnings = w.__fbWarnings || [])
  const pixels = []
  const byId = {}
  const locks = {}
  const pageViewSeen = {}
  const singleOnly = {}
  let dataProcessing = []
  let historyIsWatched = false

  fbq.version = VERSION
  const locked = () => Object.keys(locks).length > 0

  function eventIdOf(options) {
    if (!options || typeof options !== 'object') return null
    const id = options.eventID != null ? options.eventID : options.event_id
    return id && typeof id === 'object' ? eventIdOf(id) : id
  }

  // The internal events, where a version has them: `window.__fbInternals = false` makes one that has not.
  const listeners = { setEventId: [], send: [] }
  class Params extends Map {
    append(name, value) {
      this.set(name, value)
    }
  }

  function hit(pixel, name, data, id, extra) {
    pixel.eventCount++
    const { id: pixelId, eventCount: ec } = pixel
    const params = new Params(
      Object.entries({ id: pixelId, ev: name, dl: location.href, ts: Date.now(), ec, ...extra }),
    )
    for (const key of Object.keys(data || {})) {
      if (data[key] == null) continue
      params.set(`cd[${key}]`, typeof data[key] === 'object' ? JSON.stringify(data[key]) : data[key])
    }
    if (id) params.set('eid', id)
    else listeners.setEventId.forEach((listen) => listen(pixel.id, params, name))
    if (dataProcessing[0]) params.set('dpo', dataProcessing[0].join())
    const event = { id: pixel.id, eventName: name, customData: data, customParams: params }
    if (listeners.send.map((listen) => listen(event)).some(Boolean)) return
    new Image().src = 'https://www.facebook.com/tr/?' + new URLSearchParams([...params])
    if (!historyIsWatched) watchHistory()
  }

  function sendToAll(self, name, data, options) {
    for (const pixel of pixels) {
      const mayRepeat = self == null || self.allowDuplicatePageViews
      if (name === 'PageView' && pageViewSeen[pixel.id] && !mayRepeat) continue
      if (singleOnly[pixel.id]) continue
      hit(pixel, name, data, eventIdOf(options), self == null ? { 'ie[a]': 1 } : {})
      if (name === 'PageView') pageViewSeen[pixel.id] = true
    }
  }

  function run(...given) {
    if (locked() && given[0] !== 'consent') return void fbq.queue.push(arguments)
    const [verb, ...args] = given.length === 1 && Array.isArray(given[0]) ? given[0] : given
    if (verb === 'init') {
      const id = String(args[0])
      const user = args[1]
      if (user && user.em) user.em = String(user.em).trim().toLowerCase()
      if (byId[id]) {
        // Counts only for the data that the first one did not bring.
        if (user && !Object.keys(byId[id].userData).length) return void (byId[id].userData = user)
        return void warnings.push('DUPLICATE_PIXEL_ID')
      }
      byId[id] = { id, userData: user || {}, eventCount: 0 }
      pixels.push(byId[id])
      locks['config:' + id] = true
      // Where its configuration does not arrive, a pixel waits for ever.
      if (!w.__fbConfigIsBlocked)
        setTimeout(() => {
          delete locks['config:' + id]
          drain()
        }, 30)
    } else if (verb === 'track' || verb === 'trackCustom') sendToAll(this, ...args)
    else if (verb === 'trackSingle' || verb === 'trackSingleCustom') {
      const [id, name, data, options] = args
      if (byId[id]) hit(byId[id], name, data, eventIdOf(options), { tm: 1 })
      else warnings.push('PIXEL_NOT_INITIALIZED')
    } else if (verb === 'consent') {
      if (args[0] === 'revoke') locks.consent = true
      else delete locks.consent
      drain()
    } else if (verb === 'dataProcessingOptions') {
      if (args.length !== 2) dataProcessing = args
    } else if (verb === 'set') {
      if (args[0] === 'trackSingleOnly') singleOnly[args[2]] = args[1] === true
    } else if (verb !== 'fire') warnings.push('INVALID_FBQ_METHOD ' + String(verb))
  }

  function drain() {
    while (fbq.queue && fbq.queue.length && !locked()) run.apply(fbq, fbq.queue.shift())
  }

  function watchHistory() {
    historyIsWatched = true
    if (fbq.disablePushState === true) return
    let last = location.href
    const check = () => {
      if (location.href === last) return
      last = location.href
      run.call({ allowDuplicatePageViews: true }, 'trackCustom', 'PageView')
    }
    for (const how of ['pushState', 'replaceState']) {
      const native = history[how]
      history[how] = function (...args) {
        const result = native.apply(this, args)
        check()
        return result
      }
    }
    w.addEventListener('popstate', check)
  }

  if (w.fbq !== w._fbq) warnings.push('CONFLICTING_VERSIONS')
  if (w.__fbInternals !== false) {
    const modules = {
      SignalsFBEventsEvents: { setEventId: { listen: (listen) => listeners.setEventId.push(listen) } },
      SignalsFBEventsSendEventEvent: { listen: (listen) => listeners.send.push(listen) },
    }
    fbq.getFbeventsModules = (name) => modules[name]
  }
  fbq.callMethod = function (...args) {
    return run.apply(this, args)
  }
  fbq.getState = () => ({ pixels })
  // What a plugin does on a click, for example.
  w.__fbAutomatic = (name, data) => pixels.forEach((pixel) => hit(pixel, name, data, null, { es: 'automatic' }))
  drain()
  w.addEventListener('pageshow', (event) => {
    if (event.persisted) run.call({ allowDuplicatePageViews: true }, 'trackCustom', 'PageView')
  })
})(window)
