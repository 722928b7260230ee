import type { ActionSource, AppData, CustomData, OriginalEventData } from '@pixel-mirror/common'

/**
 * An event on its way through the pipeline: Meta's fields, in the order in which they are written.
 *
 * `validate()` makes it, and the steps after it write into it: nothing in it is shared with the body of the request but what stays as it came.
 * Every field is always there, `undefined` where the event has none: objects of one shape are fast, and `JSON.stringify` leaves
 * `undefined` out. What could not be read holds a placeholder, and an issue says so: such an event is never sent.
 */
export interface Draft {
  event_name: string
  /** In seconds. */
  event_time: number
  event_id: string | undefined
  action_source: ActionSource
  event_source_url: string | undefined
  referrer_url: string | undefined
  user_data: Readonly<Record<string, unknown>>
  custom_data: CustomData | undefined
  opt_out: boolean | undefined
  data_processing_options: string[] | undefined
  data_processing_options_country: number | undefined
  data_processing_options_state: number | undefined
  customer_segmentation: string | undefined
  original_event_data: OriginalEventData | undefined
  app_data: AppData | undefined
  messaging_channel: string | undefined
  attribution_data: Readonly<Record<string, unknown>> | undefined
  advertiser_tracking_enabled: unknown
  advanced_measurement_table: string | undefined
}
