/** Makes an event of what a pixel has counted, and hands it to the delivery. */
import type { CustomData } from '@pixel-mirror/common'
import { dataProcessing } from './consent.js'
import { deliver } from './delivery.js'
import { identified, identifiedFor, pixels } from './fbq/pixels.js'
import { report, type TrackedEvent } from './report.js'

export const recordEvent = (
  pixelId: string,
  name: string,
  data: unknown,
  eventId: string,
  isRepeat?: boolean,
  timeMs = Date.now(),
): void => {
  const event = {
    event_name: name,
    event_time: (timeMs / 1_000) >>> 0,
    event_id: eventId,
    custom_data: data as CustomData,
    user_data: { ...pixels[pixelId]?._userData, ...identified, ...identifiedFor[eventId] },
    // A server-only page need not say which pixel: the collector may have just one.
    pixel_id: pixelId || undefined,
    event_source_url: location.href,
    referrer_url: document.referrer || undefined,
    data_processing_options: dataProcessing[0],
    data_processing_options_country: dataProcessing[1],
    data_processing_options_state: dataProcessing[2],
  } as TrackedEvent
  if (isRepeat) report('dropped', event, 'repeat')
  else deliver(event)
}
