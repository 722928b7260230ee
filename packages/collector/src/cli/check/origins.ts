import { about, type Check, type Finding } from './finding.js'

const { ok, warning } = about('origins')

/** Whose pages may send. */
export const checkOrigins: Check = ({ settings: { pixels } }) =>
  pixels.map(({ id, allowedOrigins }) => judge(id, allowedOrigins))

function judge(pixelId: string, origins: readonly string[]): Finding {
  const of = `Pixel ${pixelId}:`
  if (origins.length === 0) return ok(`${of} only pages on the collector’s own site may send.`)
  const plain = origins.filter((origin) => origin.startsWith('http://') && !isLocal(origin))
  if (plain.length > 0) {
    return warning(
      `${of} ${plain.join(', ')} may send without HTTPS.`,
      'Serve the shop by HTTPS and allow https:// origins only: browsers keep cookies from plain pages short, and anyone on the way can read them.',
    )
  }
  return ok(`${of} pages of ${origins.join(', ')} may send.`)
}

function isLocal(origin: string): boolean {
  return /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:|$)/.test(origin)
}
