/** How the goods reach the buyer. */
export type DeliveryCategory = 'in_store' | 'curbside' | 'home_delivery'

/** One product of a purchase, a basket or a page. */
export interface Content {
  /** The product's id in the catalogue (SKU). */
  id: string
  quantity: number
  /** The price of one piece, in the event's `currency`. */
  item_price?: number
  title?: string
  description?: string
  brand?: string
  category?: string
  delivery_category?: DeliveryCategory
}

/** What `content_ids` or `contents` name: single products or groups of variants. Catalogues of other trades have types of their own. */
export type ContentType = 'product' | 'product_group' | (string & {})

/** Whether the buyer is new to the business, to one of its lines, products or channels, or known to it. */
export const CUSTOMER_SEGMENTATIONS = [
  'new_customer_to_business',
  'new_customer_to_business_line',
  'new_customer_to_product_area',
  'new_customer_to_medium',
  'existing_customer_to_business',
  'existing_customer_to_business_line',
  'existing_customer_to_product_area',
  'existing_customer_to_medium',
  'customer_in_loyalty_program',
] as const

export type CustomerSegmentation = (typeof CUSTOMER_SEGMENTATIONS)[number]

/**
 * The properties that Meta knows.
 *
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/custom-data
 * @see https://developers.facebook.com/documentation/meta-pixel/reference
 */
export interface StandardCustomData {
  /** A sum of money in `currency`. Required for `Purchase`. */
  value?: number
  /** ISO 4217, three letters. Required for `Purchase`. */
  currency?: string
  /** The ids of the products (SKUs). Enough where quantities and prices do not matter. */
  content_ids?: (string | number)[]
  /** The products with quantities and prices. */
  contents?: Content[]
  /** Left out, an id is matched to any item of the catalogue that has it. */
  content_type?: ContentType
  /** The name of the page or product. */
  content_name?: string
  /** The category of the page or product. */
  content_category?: string
  /** The transaction's id in the shop. */
  order_id?: string
  /** How many items a checkout holds. */
  num_items?: number
  /** What a subscriber is expected to be worth, in `currency`. */
  predicted_ltv?: number
  /** What remains of `value` after costs, in `currency`. */
  net_revenue?: number
  /** What the visitor searched for. */
  search_string?: string
  /** How a registration ended: the pixel sends a boolean, servers send a text. */
  status?: boolean | string
  delivery_category?: DeliveryCategory
  /** Tells several events of one order apart (offline events). */
  item_number?: string
  customer_segmentation?: CustomerSegmentation
}

/** What the event was about. Keys that are not listed are custom properties and stay as they are. */
export interface CustomData extends StandardCustomData {
  [property: string]: unknown
}
