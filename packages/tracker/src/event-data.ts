/**
 * What Meta's standard events say about themselves. All properties may go on every event; the required ones are Meta's.
 *
 * @see https://developers.facebook.com/documentation/meta-pixel/reference
 */
import type { CustomData, StandardEventName } from '@pixel-mirror/common'

/** Any properties, Meta's with their types. */
export type CustomEventData = CustomData

/** A sum of money and its currency belong together. */
type Money = { value: number; currency: string } | { value?: undefined; currency?: undefined }

/** The properties of each standard event. */
export type EventData = { [Name in StandardEventName]: Name extends 'Purchase' ? PurchaseData : Money & CustomData }

/** Meta refuses a purchase without `value` and `currency`. */
export interface PurchaseData extends CustomData {
  value: number
  currency: string
}
