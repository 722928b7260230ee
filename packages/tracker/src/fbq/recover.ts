/**
 * What a pixel that was there before us has already done, as far as the browser still knows it: its pixels, and the events
 * among the requests that the page has made.
 */
import type { CustomData } from '@pixel-mirror/common'
import { setDataProcessing } from '../consent.js'
import { recordEvent } from '../events.js'
import { nowS } from '../now.js'
import type { Fbq } from './fbq.js'
import { readCall } from './call.js'
import { pixels } from './pixels.js'

/** Returns whether the pixel has sent anything yet. */
export const recover = (fbq: Fbq): number | undefined => {
  const states = fbq.getState!().pixels
  states.forEach(({ id, userData }) => readCall(['init', id, userData], fbq)._count())

  for (const { name } of performance.getEntriesByType('resource')) {
    if (!/facebook.com.tr\b/.test(name)) continue
    const { id, ev, eid, ts, dpo, ...params } = Object.fromEntries(new URL(name).searchParams)
    const pixel = pixels[id!]
    if (!pixel) continue
    if (dpo) setDataProcessing([[dpo], 0, 0])
    if (ev === 'PageView') pixel._pageViewSeen = true
    const data: CustomData = {}
    for (const key in params) {
      const value = params[key]!
      if (/^cd/.test(key)) data[key.slice(3, -1)] = /^[[{]/.test(value) ? JSON.parse(value) : value
    }
    // Without an id of its own, Meta pairs the copies by the browser's `fbp`.
    recordEvent(id!, ev!, data, eid!, false, nowS(Number(ts)))
  }
  return states[0]?.eventCount
}
