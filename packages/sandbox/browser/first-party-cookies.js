// The cookies by which the pixel knows a browser and the ad click that brought it.

const COOKIE_DAYS = 90
const MAX_CLICK_ID_LENGTH = 500

/** Reads, makes and renews both. @returns {{ fbp?: string, fbc?: string }} */
function firstPartyCookies() {
  const click = new URLSearchParams(location.search).get('fbclid')
  const fbp = validId(readCookie('_fbp')) ?? newId(String(randomNumber()) + String(randomNumber()))
  const known = validId(readCookie('_fbc'))
  const payload = click && click.length <= MAX_CLICK_ID_LENGTH ? click.replaceAll('.', '__DOT__') : undefined
  const fbc = payload !== undefined && known?.split('.')[3] !== payload ? newId(payload) : known

  const written = [writeCookie('_fbp', fbp), fbc && writeCookie('_fbc', fbc)]
  return {
    ...(written[0] && { fbp: written[0] }),
    ...(written[1] && { fbc: written[1].replaceAll('__DOT__', '.') }),
  }
}

/** The place of the first number is filled in when it is known which domain takes the cookie. @param {string} payload */
function newId(payload) {
  return `fb.?.${Date.now()}.${payload}`
}

function randomNumber() {
  return Math.floor(Math.random() * 999_999_999)
}

/** @param {string | undefined} value */
function validId(value) {
  const ok = value !== undefined && /^fb\.\d+\.\d+\.[^.]+(?:\.(?:AQ|Ag|Aw|BA|BQ|Bg|[\w-]{8}))?$/.test(value)
  return ok ? value : undefined
}

/** @param {string} name */
function readCookie(name) {
  const found = document.cookie.split('; ').find((cookie) => cookie.startsWith(`${name}=`))
  return found?.slice(name.length + 1)
}

/**
 * Writes the cookie on the widest domain that the browser allows, trying from the last label up; a known one where it says it is.
 *
 * @param {string} name @param {string} value
 * @returns {string | undefined} the value as it was written, or `undefined` where cookies are off
 */
function writeCookie(name, value) {
  const labels = location.hostname.split('.')
  const known = value.startsWith('fb.?') ? 0 : Number(value.split('.')[1])
  for (let level = known; level < labels.length; level++) {
    const domain = labels.slice(-1 - level).join('.')
    const complete = value.replace('?', String(level))
    document.cookie = `${name}=${complete}; max-age=${COOKIE_DAYS * 86_400}; path=/; domain=${domain}; samesite=lax`
    if (readCookie(name) === complete) return complete
  }
  return undefined
}

/* exported firstPartyCookies */
