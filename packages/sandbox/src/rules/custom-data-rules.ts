import { CURRENCIES } from './currencies.js'
import { isObject, wrongType, type FieldType } from './field-type.js'
import type { Candidate, Rule } from './rule.js'

/**
 * The properties that Meta lists for the Conversions API. All others are the site's own and may hold anything.
 *
 * @see https://developers.facebook.com/documentation/ads-commerce/conversions-api/parameters/custom-data
 */
const CUSTOM_DATA_FIELDS = {
  value: 'amount',
  currency: 'text',
  content_ids: 'ids',
  contents: 'list',
  content_type: 'label',
  order_id: 'label',
  num_items: 'whole',
  predicted_ltv: 'amount',
  net_revenue: 'amount',
  search_string: 'label',
  status: 'label',
  item_number: 'label',
  store_data: 'object',
} as const satisfies Record<string, FieldType>

const CONTENT_FIELDS = {
  id: 'id',
  quantity: 'amount',
  item_price: 'amount',
  price: 'amount',
} as const satisfies Record<string, FieldType>

const DELIVERY_CATEGORIES = ['in_store', 'curbside', 'home_delivery']

/** What the event was about. */
export const CUSTOM_DATA_RULES: readonly Rule<Candidate>[] = [
  {
    name: 'purchase_without_value',
    subcode: 2804009,
    title: 'Missing Value for Purchase Event',
    message: 'The value parameter is required for Purchase events. Add a number for value.',
    evidence: 'observed',
    brokenBy: ({ event, custom }) =>
      isPurchase(event) && (custom['value'] ?? '') === '' ? 'custom_data.value' : undefined,
  },
  {
    name: 'purchase_without_currency',
    subcode: 2804010,
    title: 'Missing Currency for Purchase Event',
    message: 'The currency parameter is required for Purchase events. Add a three-letter ISO 4217 code.',
    evidence: 'observed',
    brokenBy: ({ event, custom }) => (isPurchase(event) && !custom['currency'] ? 'custom_data.currency' : undefined),
  },
  {
    name: 'custom_data_field_of_wrong_type',
    title: 'Invalid Parameter',
    message: 'The parameter {field} has the wrong type.',
    evidence: 'documented',
    brokenBy: ({ custom }) => inCustomData(wrongType(CUSTOM_DATA_FIELDS, custom)),
  },
  {
    name: 'currency_unknown',
    title: 'Invalid Currency',
    message: 'currency must be a three-letter ISO 4217 code.',
    evidence: 'documented',
    brokenBy: ({ custom: { currency } }) =>
      currency === undefined || CURRENCIES.has((currency as string).toUpperCase()) ? undefined : 'custom_data.currency',
  },
  {
    name: 'content_malformed',
    title: 'Invalid Contents',
    message: 'Every element of contents must be an object with id and quantity.',
    evidence: 'documented',
    brokenBy: ({ custom: { contents } }) => {
      const index = ((contents ?? []) as unknown[]).findIndex((content) => !isContent(content))
      return index < 0 ? undefined : `custom_data.contents[${index}]`
    },
  },
  {
    name: 'delivery_category_unknown',
    title: 'Invalid Delivery Category',
    message: `delivery_category must be one of: ${DELIVERY_CATEGORIES.join(', ')}.`,
    evidence: 'documented',
    brokenBy: ({ custom }) => {
      const contents = (custom['contents'] ?? []) as Record<string, unknown>[]
      const given = [custom, ...contents].map((holder) => holder['delivery_category'])
      const wrong = given.find(
        (category) => category !== undefined && !DELIVERY_CATEGORIES.includes(category as string),
      )
      return wrong === undefined ? undefined : 'custom_data.delivery_category'
    },
  },
]

function isPurchase(event: Record<string, unknown>): boolean {
  return event['event_name'] === 'Purchase'
}

function inCustomData(field: string | undefined): string | undefined {
  return field && `custom_data.${field}`
}

function isContent(content: unknown): boolean {
  return (
    isObject(content) &&
    wrongType(CONTENT_FIELDS, content) === undefined &&
    content['id'] !== undefined &&
    content['quantity'] !== undefined
  )
}
