/**
 * What a pixel that was there before us has already done, as far as the browser still knows it: its pixels, and the events
 * among the requests that the page has made.
 */
import type { CustomData } from '@pixel-mirror/common'
import { setDataProcessing } from '../consent.js'
import { recordEvent } from '../events.js'
import { attempt } from '../report.js'
import { queryOf } from '../query.js'
import type { Fbq } from './fbq.js'
import { readCall } from './call.js'
import { pixels } from './pixels.js'

/** How long requests of before may still be under way. */
const PATIENCE_MS = 1_000

/** Returns whether the pixel has sent anything yet. */
export const recover = (fbq: Fbq): number | undefined => {
  const states = fbq.getState!().pixels
  states.forEach(({ id, userData }) => readCall(['init', id, userData], fbq)._count())

  const arrivedMs = performance.now()
  const look = () => {
    for (const { name, startTime } of performance.getEntriesByType('resource')) {
      if (startTime > arrivedMs || !/facebook.com.tr\b/.test(name)) continue
      const { id, ev, eid, ts, dpo, ...params } = queryOf(name)
      const pixel = pixels[id!]
      if (!pixel) continue
      if (dpo) setDataProcessing([[dpo], 0, 0])
      if (ev === 'PageView') pixel._pageViewSeen = true
      const data: CustomData = {}
      for (const key in params) {
        if (/^cd/.test(key)) data[key.slice(3, -1)] = attempt(() => JSON.parse(params[key]!) as unknown) ?? params[key]
      }
      // Without an id of its own, Meta pairs the copies by the browser's `fbp`.
      recordEvent(id!, ev!, data, eid!, false, +ts!)
    }
  }
  // The browser knows a request once it is answered.
  setTimeout(look, PATIENCE_MS)
  return states[0]?.eventCount
}
