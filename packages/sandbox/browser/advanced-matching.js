// What the page says about its visitor with `init`, as the pixel sends it on: cleaned and hashed.

/** How each parameter is cleaned; what comes out empty is left out. @type {Record<string, (text: string) => string>} */
const CLEANERS = {
  em: (text) => (/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text) ? text : ''),
  ph: (text) => text.replace(/\D/g, '').replace(/^0+/, ''),
  fn: cleanName,
  ln: cleanName,
  // Only `f` and `m` are understood; anything longer is hashed as it is, which nobody can use.
  ge: (text) => text,
  db: (text) => text.replace(/\D/g, ''),
  ct: (text) => text.replace(/[^a-z0-9]/g, ''),
  st: (text) => text.replace(/[^a-z]/g, '').slice(0, 2),
  zp: (text) => text.split('-')[0]?.trim() ?? '',
  country: (text) => text.replace(/[^a-z]/g, '').slice(0, 2),
  external_id: (text) => text.replace(/\s/g, ''),
}

/** @param {string} text */
function cleanName(text) {
  return text.replace(/[\s!-/:-@[-`{-~]/g, '')
}

/**
 * The `ud[…]` parameters of a request.
 *
 * @param {Record<string, unknown>} userData
 * @returns {[name: string, digest: string][]}
 */
function hashedUserData(userData) {
  return Object.entries(CLEANERS).flatMap(([name, clean]) => {
    const given = String(userData[name] ?? '')
      .trim()
      .toLowerCase()
    if (/^[0-9a-f]{64}$/.test(given)) return [[name, given]]
    const cleaned = clean(given)
    return cleaned === '' ? [] : [[name, sha256(cleaned)]]
  })
}

/**
 * Meta's pixel mends the object it is given, in place. A page that reads it afterwards gets to see that.
 *
 * @param {Record<string, unknown>} userData
 */
function mendUserData(userData) {
  const { em, external_id: id } = userData
  if (typeof em === 'string' && em !== '' && !em.includes('@') && !/^[0-9a-f]{64}$/i.test(em.trim())) {
    userData['em'] = `${em.trim()}@gmail.com`
  }
  if (/^\d{5}$/.test(String(id)) && userData['zp'] === undefined) userData['zp'] = id
}

/* exported hashedUserData, mendUserData */
