import type { ActionSource } from './action-source.js'
import type { CustomData } from './custom-data.js'
import type { UserData } from './user-data.js'

/**
 * One entry of `data` in a request to the Conversions API.
 *
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/server-event
 */
export interface ServerEvent {
  event_name: string
  /** When it happened, in **seconds** since the epoch. */
  event_time: number
  /** Together with `event_name` and the pixel, what Meta deduplicates by. */
  event_id?: string
  action_source: ActionSource
  /** The address of the page. Required when `action_source` is `website`. */
  event_source_url?: string
  referrer_url?: string
  user_data: UserData
  custom_data?: CustomData
  opt_out?: boolean
  /** `["LDU"]` for Limited Data Use, `[]` for none. */
  data_processing_options?: string[]
  data_processing_options_country?: number
  data_processing_options_state?: number
  /** Anything else that Meta defines (`app_data`, `original_event_data`, …) travels as it came. */
  [field: string]: unknown
}
