/**
 * Why an event is refused: the closed list of codes, each with the sentence that people read.
 *
 * Everything here would make Meta refuse the event, and with it every other event of the same request, or would make it worthless.
 * No sentence ever holds a value of the event.
 */
export const ISSUES = {
  not_an_event: 'The body must be an event, a list of events, or {"data": [events]}.',
  no_events: 'There is no event in the request.',
  too_many_events: 'A request may carry at most 1,000 events.',
  event_not_an_object: 'An event must be a JSON object.',

  pixel_id_missing: 'Say which pixel the event is for: several are configured.',
  pixel_id_invalid: "A pixel's id is a text of digits.",
  unknown_pixel: 'No pixel with this id is configured here.',
  origin_not_allowed: 'Pages of this origin may not send for this pixel.',

  event_name_missing: 'An event needs a name.',
  event_name_invalid: "An event's name must be a text without control characters.",
  event_name_too_long: "An event's name may have at most 50 characters.",
  event_name_personal: "An event's name must not hold personal data.",
  event_id_invalid: 'An event id must be a text without control characters, or a number.',
  event_id_too_long: 'An event id may have at most 256 characters.',
  event_time_invalid: 'event_time must be a time in seconds since 1970.',
  event_time_too_old: 'The event is older than Meta accepts: 7 days, or 62 for physical_store.',
  action_source_missing: 'action_source must say where the event happened, for example "website".',
  action_source_unknown: 'action_source must be one of the words that Meta defines.',

  website_without_event_source_url: 'An event of a website needs event_source_url, the address of the page.',
  website_without_user_agent: "An event of a website needs user_data.client_user_agent, the browser's user agent.",
  app_without_app_data:
    'An event of an app needs app_data with advertiser_tracking_enabled and the 16 values of extinfo.',
  messaging_without_channel: 'A business_messaging event needs messaging_channel.',
  messaging_without_account:
    'A business_messaging event needs the account it came through: page_id, ig_account_id or whatsapp_business_account_id.',
  not_enough_user_data:
    'user_data says too little about the person for Meta to match. Send an e-mail address, phone number, external_id, fbp or fbc, or address and user agent together.',

  purchase_without_value: 'A Purchase needs custom_data.value, a finite number.',
  purchase_without_currency: 'A Purchase needs custom_data.currency, an ISO 4217 code such as "EUR".',

  data_processing_options_unknown:
    'data_processing_options must be ["LDU"] or []: what limits the use of data is not guessed.',
  data_processing_country_unknown: 'data_processing_options_country must be 0 or 1.',
  data_processing_state_unknown:
    'data_processing_options_state must be 0 or one of the numbers that Meta gives to states.',

  transform_failed: "This collector's own transform function failed for the event.",
  event_too_large: 'The finished event is larger than 64 KiB.',
} as const satisfies Record<string, string>

export type IssueCode = keyof typeof ISSUES
