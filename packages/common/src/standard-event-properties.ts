import type { CustomData, StandardCustomData } from './custom-data.js'
import type { StandardEventName } from './event-name.js'

/** The custom data of an event that uses `Known` properties, of which `Required` must be there. Custom properties may stand beside them. */
type Properties<Known extends keyof StandardCustomData, Required extends Known = never> = {
  [Key in Exclude<Known, Required>]?: StandardCustomData[Key]
} & { [Key in Required]-?: NonNullable<StandardCustomData[Key]> } & CustomData

/**
 * Which properties go with which standard event, for editors and compilers: `StandardEventProperties['Purchase']`.
 *
 * Only what Meta refuses an event for is required here. Events in Advantage+ catalogue ads also need `contents` or `content_ids`.
 *
 * @see https://developers.facebook.com/documentation/meta-pixel/reference
 */
export interface StandardEventProperties {
  /** Payment details were added in a checkout. */
  AddPaymentInfo: Properties<'content_ids' | 'contents' | 'currency' | 'value'>
  /** A product went into the basket. */
  AddToCart: Properties<'content_ids' | 'content_type' | 'contents' | 'currency' | 'value'>
  /** A product went onto a wish list. */
  AddToWishlist: Properties<'content_ids' | 'contents' | 'currency' | 'value'>
  /** A registration form was completed. */
  CompleteRegistration: Properties<'currency' | 'value' | 'status' | 'content_name'>
  /** The visitor got in touch by telephone, SMS, e-mail or chat. */
  Contact: CustomData
  /** A product was configured. */
  CustomizeProduct: CustomData
  /** Money was given. */
  Donate: CustomData
  /** A shop was looked for. */
  FindLocation: CustomData
  /** The visitor entered the checkout. */
  InitiateCheckout: Properties<'content_ids' | 'content_type' | 'contents' | 'currency' | 'num_items' | 'value'>
  /** Someone asked to be contacted. */
  Lead: Properties<'currency' | 'value' | 'content_name' | 'content_category'>
  /** A page was seen. */
  PageView: CustomData
  /** An order was completed. Meta refuses it without `value` and `currency`. */
  Purchase: Properties<
    'content_ids' | 'content_type' | 'contents' | 'num_items' | 'order_id' | 'net_revenue' | 'currency' | 'value',
    'currency' | 'value'
  >
  /** An appointment was made. */
  Schedule: CustomData
  /** The site was searched. */
  Search: Properties<'content_ids' | 'content_type' | 'contents' | 'currency' | 'search_string' | 'value'>
  /** A free trial began. */
  StartTrial: Properties<'currency' | 'predicted_ltv' | 'value'>
  /** An application was handed in. */
  SubmitApplication: CustomData
  /** A paid subscription began. */
  Subscribe: Properties<'currency' | 'predicted_ltv' | 'value'>
  /** A product or landing page was seen. */
  ViewContent: Properties<
    'content_ids' | 'content_type' | 'contents' | 'currency' | 'value' | 'content_name' | 'content_category'
  >
}

/** The custom data that fits an event: typed for Meta's standard events, free for any other name. */
export type EventProperties<Name extends string> = Name extends StandardEventName
  ? StandardEventProperties[Name]
  : CustomData

/** The standard events that Meta refuses without some properties: a call must name them. */
export type EventsWithRequiredProperties = {
  [Name in StandardEventName]: CustomData extends StandardEventProperties[Name] ? never : Name
}[StandardEventName]
