import type { Fbq } from './fbq.js'

/** Does what Meta's base snippet does, for a page that has none. */
export function placeBaseCode(nonce: string | undefined): void {
  const fbq: Fbq = (...args) => {
    if (fbq.callMethod) fbq.callMethod(...args)
    else fbq.queue!.push(args)
  }
  window.fbq = fbq
  window._fbq ??= fbq
  fbq.push = fbq
  fbq.loaded = true
  fbq.version = '2.0'
  fbq.queue = []

  const script = document.createElement('script')
  script.async = true
  script.src = 'https://connect.facebook.net/en_US/fbevents.js'
  if (nonce) script.nonce = nonce
  document.head.append(script)
}
