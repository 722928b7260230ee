/**
 * Meta's standard events.
 *
 * @see https://developers.facebook.com/documentation/meta-pixel/reference
 */
export const STANDARD_EVENT_NAMES = [
  'AddPaymentInfo',
  'AddToCart',
  'AddToWishlist',
  'CompleteRegistration',
  'Contact',
  'CustomizeProduct',
  'Donate',
  'FindLocation',
  'InitiateCheckout',
  'Lead',
  'PageView',
  'Purchase',
  'Schedule',
  'Search',
  'StartTrial',
  'SubmitApplication',
  'Subscribe',
  'ViewContent',
] as const

export type StandardEventName = (typeof STANDARD_EVENT_NAMES)[number]
