import { parseBrowserId, parseClickId } from '@pixel-mirror/common'

/**
 * What the cookies `_fbp` and `_fbc` say, as Meta's own script reads them: percent-encoded or not, and with `__DOT__` for a dot inside a click id.
 * `undefined` when a cookie is missing or damaged.
 */
export function readFbpCookie(value: string | undefined): string | undefined {
  const fbp = decoded(value)
  return fbp !== undefined && parseBrowserId(fbp) !== undefined ? fbp : undefined
}

export function readFbcCookie(value: string | undefined): string | undefined {
  const fbc = decoded(value)?.replaceAll(DOT, '.')
  return fbc !== undefined && parseClickId(fbc) !== undefined ? fbc : undefined
}

const DOT = '__DOT__'

/** Longer than any cookie of Meta's. */
const MAX_LENGTH = 1_000

function decoded(value: string | undefined): string | undefined {
  if (value === undefined || value.length > MAX_LENGTH) return undefined
  if (!value.includes('%')) return value
  try {
    return decodeURIComponent(value)
  } catch {
    // A lonely percent sign: no cookie that Meta wrote.
    return undefined
  }
}

/** An `fbc` as it is written into the cookie: dots inside the click id would read as parts. */
export function writeFbcCookie(fbc: string): string {
  const { fbclid = '' } = parseClickId(fbc) ?? {}
  if (!fbclid.includes('.')) return fbc
  const start = HEAD.exec(fbc)?.[0].length ?? 0
  return fbc.slice(0, start) + fbclid.replaceAll('.', DOT) + fbc.slice(start + fbclid.length)
}

const HEAD = /^fb\.\d+\.\d+\./
