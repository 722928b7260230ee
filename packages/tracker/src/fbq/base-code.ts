import type { Fbq } from './fbq.js'

/** Does what Meta's base snippet does, for a page that has none. Its stub always queues: below it, the hook passes on what the library can take. */
export const placeBaseCode = (): void => {
  const fbq: Fbq = (...args) => {
    fbq.queue!.push(args)
  }
  fbq.queue = []
  window.fbq = window._fbq = fbq.push = fbq
  const script = document.createElement('script')
  script.src = 'https://connect.facebook.net/en_US/fbevents.js'
  document.head.append(script)
}
