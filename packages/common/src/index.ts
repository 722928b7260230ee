// Meta's vocabulary
export { ACTION_SOURCES } from './action-source.js'
export type { ActionSource } from './action-source.js'
export { STANDARD_EVENT_NAMES } from './event-name.js'
export type { StandardEventName } from './event-name.js'
export type { AppData, OriginalEventData, ServerEvent } from './server-event.js'
export type { UserData } from './user-data.js'
export { CUSTOMER_SEGMENTATIONS } from './custom-data.js'
export type {
  Content,
  ContentType,
  CustomData,
  CustomerSegmentation,
  DeliveryCategory,
  StandardCustomData,
} from './custom-data.js'
export type {
  EventProperties,
  EventsWithRequiredProperties,
  StandardEventProperties,
} from './standard-event-properties.js'
export { DATA_PROCESSING_COUNTRIES, DATA_PROCESSING_STATES } from './data-processing-options.js'
export type { DataProcessingOptions } from './data-processing-options.js'
export * as limits from './limits.js'

// What travels between tracker and collector
export type { IncomingBatch, IncomingEvent, Mirror, PixelState } from './incoming-event.js'
export type { Issue } from './issue.js'
export type { Repair } from './repair.js'

// The visitor's ids
export { formatBrowserId, isBrowserId, parseBrowserId } from './browser-id.js'
export type { BrowserId } from './browser-id.js'
export { formatClickId, isClickId, isFbclid, parseClickId } from './click-id.js'
export type { ClickId } from './click-id.js'
export { parseIpv4, parseIpv6, publicIpAddress } from './ip-address.js'

// Normalising user data
export { isCountryCode } from './country-codes.js'
export type { NormaliseContext } from './normalise/context.js'
export { normaliseUserData } from './normalise/normalise-user-data.js'
export type { HashCache, NormaliseOptions } from './normalise/normalise-user-data.js'
export { USER_DATA_ALIASES, USER_DATA_FIELDS, userDataField } from './normalise/user-data-fields.js'
export type { KnownField, UserDataField } from './normalise/user-data-fields.js'
