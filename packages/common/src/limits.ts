/**
 * Meta's numbers, each with its page.
 *
 * `D` stands for https://developers.facebook.com/documentation/ads-commerce/conversions-api
 */

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** The most events one request may carry. @see D/using-the-api */
export const MAX_EVENTS_PER_REQUEST = 1_000

/** How old an event may be when Meta receives it; one older event fails the whole request. @see D/using-the-api */
export const MAX_EVENT_AGE_MS = 7 * DAY_MS

/** The same for events with `action_source: "physical_store"`. @see D/offline-events */
export const MAX_PHYSICAL_STORE_EVENT_AGE_MS = 62 * DAY_MS

/** How long Meta remembers a copy of an event and drops the second one. @see D/deduplicate-pixel-and-server-events */
export const DEDUPLICATION_WINDOW_MS = 48 * HOUR_MS

/** The longest name of a custom event. @see https://developers.facebook.com/documentation/meta-pixel/implementation/conversion-tracking */
export const MAX_EVENT_NAME_LENGTH = 50

/** How long `_fbp` and `_fbc` live. @see D/parameters/fbp-and-fbc */
export const COOKIE_LIFETIME_MS = 90 * DAY_MS
