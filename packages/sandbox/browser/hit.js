// One request of the pixel to `/tr`.

const LONGEST_ADDRESS = 2048

/**
 * @typedef {object} Hit
 * @property {string} name
 * @property {unknown} customData
 * @property {string | undefined} eventId
 * @property {Record<string, string>} [extra]
 *
 * @typedef {object} Sender
 * @property {string} endpoint where `/tr/` is
 * @property {string} version
 * @property {number} startedMs
 * @property {unknown[]} dataProcessing what `dataProcessingOptions` was called with
 */

/**
 * Sends one event of one pixel.
 *
 * @param {Sender} sender
 * @param {Pixel} pixel
 * @param {Hit} hit
 */
function sendHit(sender, pixel, hit) {
  const parameters = new URLSearchParams([...fieldsOf(sender, pixel, hit)])
  const address = `${sender.endpoint}?${parameters.toString()}`
  pixel.eventCount++
  if (address.length < LONGEST_ADDRESS) new Image().src = address
  else navigator.sendBeacon(sender.endpoint, parameters)
}

/**
 * @param {Sender} sender
 * @param {Pixel} pixel
 * @param {Hit} hit
 * @returns {Iterable<[string, string]>}
 */
function* fieldsOf({ version, startedMs, dataProcessing }, pixel, { name, customData, eventId, extra = {} }) {
  yield* Object.entries({
    id: pixel.id,
    ev: name,
    dl: location.href,
    rl: document.referrer,
    if: String(window.top !== window),
    ts: String(Date.now()),
  })
  for (const [key, value] of customFields(customData)) yield [`cd[${key}]`, value]
  yield* Object.entries({ sw: String(screen.width), sh: String(screen.height), v: version, r: 'stable' })
  for (const [key, digest] of hashedUserData(pixel.userData)) yield [`ud[${key}]`, digest]
  if (pixel.agent !== '') yield ['a', pixel.agent]
  yield ['ec', String(pixel.eventCount)]
  if (pixel.firstPartyCookies) yield* Object.entries(firstPartyCookies())
  yield ['it', String(startedMs)]
  if (eventId !== undefined) yield ['eid', eventId]
  const [options, country, state] = dataProcessing
  if (options !== undefined) yield ['dpo', [options].flat().join()]
  if (country !== undefined) yield ['dpoco', String(country)]
  if (state !== undefined) yield ['dpost', String(state)]
  yield* Object.entries(extra)
}

/** Texts and numbers as they are, lists and objects as JSON, nothing for what is nothing. @param {unknown} customData */
function* customFields(customData) {
  if (typeof customData !== 'object' || customData === null) return
  for (const [key, value] of Object.entries(customData)) {
    if (value === null || value === undefined) continue
    yield /** @type {[string, string]} */ ([key, typeof value === 'object' ? JSON.stringify(value) : String(value)])
  }
}

/* exported sendHit */
