/**
 * Which browser this is (`_fbp`) and which ad click brought it (`_fbc`), by the rules of Meta's own pixel, so that
 * whichever of the two comes first, the other one finds a cookie it accepts.
 *
 * Existing cookies are left as they are: the collector renews them by `Set-Cookie`, which outlives the seven days that Safari
 * grants to a script. Nothing is read or written before `_read` is called, which consent allows or not.
 *
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/fbp-and-fbc
 */
import Cookies from 'js-cookie'

/** Click ids beyond this length are no click ids: Meta's pixel ignores them, too. */
const MAX_CLICK_ID_LENGTH = 500

export interface Identity {
  /** Looks for a click id in the page's address. */
  _look: () => void
  _read: () => { fbp: string | undefined; fbc: string | undefined }
}

export function createIdentity(cookieDomain: () => string | undefined): Identity {
  /** What could not be kept as a cookie lives as long as the page. */
  const memory: Record<string, string> = {}
  let clickId: string | null | undefined
  let firstSeenMs: number

  const look = () => {
    const found = clickIdIn(location.search)
    if (found) {
      clickId = found
      firstSeenMs = Date.now()
    }
  }

  /** Tries domains from the last label upwards until one sticks: that is the registrable domain, by the browser's own public suffix list. */
  const write = (name: string, payload: string, createdMs: number): string => {
    const domain = cookieDomain()
    const labels = (domain || location.hostname).split('.')
    for (let count = domain ? labels.length : 1; count <= labels.length; count++) {
      const value = `fb.${count - 1}.${createdMs}.${payload}`
      Cookies.set(name, value, {
        domain: labels.slice(-count).join('.'),
        expires: 90,
        sameSite: 'Lax',
        secure: location.protocol === 'https:',
      })
      if (Cookies.get(name) === value) return value
    }
    return (memory[name] = `fb.1.${createdMs}.${payload}`)
  }

  look()
  return {
    _look: look,
    _read() {
      let fbp = Cookies.get('_fbp')
      if (!/^fb\.\d+\.\d+\.[^.]+(\.[^.]+)?$/.test(fbp!)) {
        fbp = memory['_fbp'] ?? write('_fbp', String(Math.random()).slice(2, 18), Date.now())
      }

      let fbc = Cookies.get('_fbc') ?? memory['_fbc']
      const newest = clickId ?? (fbc ? null : clickIdIn(document.referrer.split('?')[1]))
      if (newest && newest !== fbc?.split('.')[3]) fbc = write('_fbc', newest, firstSeenMs ?? Date.now())
      // Once told, it is the cookie's turn: another tab may have seen a newer click.
      clickId = undefined
      return { fbp, fbc }
    },
  }
}

/** The click id of a query, letter by letter as it came; dots are written as Meta's pixel writes them, or the cookie would fall apart. */
function clickIdIn(query: string | undefined): string | null {
  const found = new URLSearchParams(query).get('fbclid')
  return found && found.length <= MAX_CLICK_ID_LENGTH ? found.replace(/\./g, '__DOT__') : null
}
