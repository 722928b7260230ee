import { readTime } from './read-time.js'

/** Where a column's value goes in an event, and how it is read. */
export interface Column {
  path: readonly [string] | readonly ['user_data' | 'custom_data', string]
  /** `undefined` when the text is no such value. */
  read(text: string, decimalComma: boolean): unknown
}

const asText = (text: string): unknown => text
const asTime = (text: string): unknown => readTime(text)
const asJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
const asFlag = (text: string): unknown =>
  /^(true|yes|1)$/i.test(text) ? true : /^(false|no|0)$/i.test(text) ? false : undefined

/** Ids as a JSON list, or parted by `|`. */
const asList = (text: string): unknown => (text.startsWith('[') ? asJson(text) : text.split('|').map((id) => id.trim()))

/** `1234.5`; and where a semicolon parts the columns, also `1.234,50`. */
function asNumber(text: string, decimalComma: boolean): unknown {
  const plain = decimalComma && text.includes(',') ? text.replaceAll('.', '').replace(',', '.') : text
  return /^-?\d+(\.\d+)?$/.test(plain) ? Number(plain) : undefined
}

const field = (name: string, read: Column['read'] = asText): Column => ({ path: [name], read })
const user = (name: string): Column => ({ path: ['user_data', name], read: asText })
const custom = (name: string, read: Column['read'] = asText): Column => ({ path: ['custom_data', name], read })

/** The columns that are known: Meta's own names, and what shops call them. */
const COLUMNS: Readonly<Record<string, Column>> = {
  pixel_id: field('pixel_id'),
  event_name: field('event_name'),
  event_time: field('event_time', asTime),
  event_id: field('event_id'),
  action_source: field('action_source'),
  event_source_url: field('event_source_url'),
  referrer_url: field('referrer_url'),
  opt_out: field('opt_out', asFlag),
  ...same(user, [
    ...['em', 'ph', 'fn', 'ln', 'ge', 'db', 'ct', 'st', 'zp', 'country', 'external_id'],
    ...['client_ip_address', 'client_user_agent', 'fbc', 'fbp', 'subscription_id', 'lead_id', 'madid'],
  ]),
  ...same(custom, [
    'currency',
    'order_id',
    'content_type',
    'content_name',
    'content_category',
    'search_string',
    'status',
  ]),
  value: custom('value', asNumber),
  predicted_ltv: custom('predicted_ltv', asNumber),
  num_items: custom('num_items', asNumber),
  content_ids: custom('content_ids', asList),
  contents: custom('contents', asJson),
}

const ALIASES: Readonly<Record<string, string>> = {
  event: 'event_name',
  date: 'event_time',
  time: 'event_time',
  timestamp: 'event_time',
  created_at: 'event_time',
  order_date: 'event_time',
  url: 'event_source_url',
  email: 'em',
  e_mail: 'em',
  phone: 'ph',
  telephone: 'ph',
  first_name: 'fn',
  last_name: 'ln',
  gender: 'ge',
  birthday: 'db',
  date_of_birth: 'db',
  city: 'ct',
  state: 'st',
  zip: 'zp',
  zip_code: 'zp',
  postcode: 'zp',
  postal_code: 'zp',
  customer_id: 'external_id',
  ip: 'client_ip_address',
  ip_address: 'client_ip_address',
  user_agent: 'client_user_agent',
  total: 'value',
  amount: 'value',
  order_number: 'order_id',
  quantity: 'num_items',
}

/** What a heading means; `undefined` when it is not known. `custom_data.anything` is a custom property. */
export function columnFor(heading: string): Column | undefined {
  const name = heading
    .trim()
    .toLowerCase()
    .replace(/[\s-]+/g, '_')
  const [parent, child] = heading.trim().split('.')
  if (parent === 'custom_data' && child) return COLUMNS[child] ?? custom(child)
  const known = parent === 'user_data' && child ? child : (ALIASES[name] ?? name)
  return Object.hasOwn(COLUMNS, known) ? COLUMNS[known] : undefined
}

function same(make: (name: string) => Column, names: readonly string[]): Record<string, Column> {
  return Object.fromEntries(names.map((name) => [name, make(name)]))
}
