import type { ActionSource } from './action-source.js'
import type { CustomData, CustomerSegmentation } from './custom-data.js'
import type { UserData } from './user-data.js'

/** The earlier event that a delayed one belongs to. @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/original-event */
export interface OriginalEventData {
  event_name?: string
  /** In seconds since the epoch. */
  event_time?: number
  order_id?: string
  event_id?: string
}

/** What Meta must know of an app for `action_source: "app"`. @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/app-data */
export interface AppData {
  advertiser_tracking_enabled: 0 | 1 | boolean
  application_tracking_enabled?: 0 | 1 | boolean
  /** Sixteen values in a fixed order: 0 is the platform (`i2`, `a2`), 4 the version of the system; what is unknown is `""`. */
  extinfo: string[]
  [field: string]: unknown
}

/**
 * One entry of `data` in a request to the Conversions API.
 *
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/server-event
 */
export interface ServerEvent {
  /** A standard name or one of your own, at most 50 characters. */
  event_name: string
  /** When it happened, in **seconds** since the epoch. At most 7 days ago (62 for `physical_store`). */
  event_time: number
  /** Together with `event_name` and the pixel, what Meta deduplicates by. */
  event_id?: string
  action_source: ActionSource
  /** The address of the page. Required when `action_source` is `website`. */
  event_source_url?: string
  /** The address of the page before. */
  referrer_url?: string
  user_data: UserData
  custom_data?: CustomData
  /** `true`: count it, but do not use it to choose whom to show advertisements. */
  opt_out?: boolean
  /** `["LDU"]` for Limited Data Use, `[]` for none. */
  data_processing_options?: string[]
  /** See `DATA_PROCESSING_COUNTRIES`. */
  data_processing_options_country?: number
  /** See `DATA_PROCESSING_STATES`. */
  data_processing_options_state?: number
  /** Meta's pages name it here and show it inside `custom_data`; both places are accepted. */
  customer_segmentation?: CustomerSegmentation
  original_event_data?: OriginalEventData
  app_data?: AppData
  /** Required when `action_source` is `business_messaging`. */
  messaging_channel?: string
  /** Anything else that Meta defines (`attribution_data`, …) travels as it came. */
  [field: string]: unknown
}
