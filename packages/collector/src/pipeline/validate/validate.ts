import type { Draft } from '../draft.js'
import type { Findings } from '../findings.js'
import type { Incoming } from '../prepare.js'
import type { Received } from '../received.js'
import { readActionSource } from './action-source.js'
import { readCustomData } from './custom-data.js'
import { readDataProcessingOptions } from './data-processing-options.js'
import { readEventId } from './event-id.js'
import { readEventName } from './event-name.js'
import { readEventTime } from './event-time.js'
import { readPageUrl, readReferrerUrl } from './page-url.js'
import { readRareFields } from './rare-fields.js'

/**
 * Reads an event field by field into a draft: what can be mended is, what cannot is refused or left out, each by name.
 * Only what Meta knows is copied. Personal data is still plain; `normalise()` reads `user_data`.
 */
export function validate(incoming: Incoming, received: Received, findings: Findings): Draft {
  const limits = readDataProcessingOptions(incoming, findings)
  const rare = readRareFields(incoming, received, findings)
  return {
    event_name: readEventName(incoming.event_name, findings),
    event_time: readEventTime(incoming.event_time, sentAt(incoming.mirror), received, findings),
    event_id: readEventId(incoming.event_id, findings),
    action_source: readActionSource(incoming, received, findings),
    event_source_url: readPageUrl(incoming.event_source_url, 'event_source_url', findings),
    referrer_url: readReferrerUrl(incoming.referrer_url, findings),
    user_data: readUserData(incoming.user_data, findings),
    custom_data: readCustomData(incoming.custom_data, findings),
    opt_out: rare.opt_out,
    data_processing_options: limits.data_processing_options,
    data_processing_options_country: limits.data_processing_options_country,
    data_processing_options_state: limits.data_processing_options_state,
    customer_segmentation: rare.customer_segmentation,
    original_event_data: rare.original_event_data,
    app_data: rare.app_data,
    messaging_channel: rare.messaging_channel,
    attribution_data: rare.attribution_data,
    advertiser_tracking_enabled: rare.advertiser_tracking_enabled,
    advanced_measurement_table: rare.advanced_measurement_table,
  }
}

function sentAt(mirror: unknown): unknown {
  return typeof mirror === 'object' && mirror !== null ? (mirror as Record<string, unknown>).sent_at : undefined
}

function readUserData(value: unknown, findings: Findings): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  if (value != null) findings.repair('user_data_dropped', 'user_data')
  return {}
}
