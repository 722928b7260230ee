/** One product of a purchase, a basket or a page. */
export interface Content {
  id: string
  quantity: number
  item_price?: number
  title?: string
  description?: string
  brand?: string
  category?: string
  delivery_category?: 'in_store' | 'curbside' | 'home_delivery'
}

/**
 * What the event was about. Keys that are not listed are custom properties and stay as they are.
 *
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/custom-data
 */
export interface CustomData {
  /** A sum of money in `currency`. Required for `Purchase`. */
  value?: number
  /** ISO 4217, three letters. Required for `Purchase`. */
  currency?: string
  content_ids?: (string | number)[]
  contents?: Content[]
  content_type?: string
  content_name?: string
  content_category?: string
  order_id?: string
  num_items?: number
  predicted_ltv?: number
  search_string?: string
  status?: boolean | string
  [property: string]: unknown
}
