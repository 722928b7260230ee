import type { CustomData } from '@pixel-mirror/common'
import type { Findings } from '../findings.js'
import { readContentIds, readContents, readDeliveryCategory } from './contents.js'
import { readCurrency } from './currency.js'
import { readCustomerSegmentation } from './customer-segmentation.js'
import { readNumber, readWhole } from './numbers.js'
import { readObject, safeTree } from './safe-tree.js'
import { readText } from './texts.js'

type Reader = (value: unknown, path: string, findings: Findings) => unknown

/** The properties whose form Meta checks. All others may hold anything. */
const READERS: Readonly<Record<string, Reader>> = {
  value: readNumber,
  currency: readCurrency,
  content_ids: readContentIds,
  contents: readContents,
  num_items: readWhole,
  predicted_ltv: readNumber,
  net_revenue: readNumber,
  order_id: readText,
  item_number: readText,
  content_type: readText,
  content_name: readText,
  content_category: readText,
  search_string: readText,
  status: (value, path, findings) => (typeof value === 'boolean' ? value : readText(value, path, findings)),
  store_data: readObject,
  delivery_category: readDeliveryCategory,
  customer_segmentation: readCustomerSegmentation,
}

/** `custom_data`, safe to travel on, with Meta's own properties in Meta's form. */
export function readCustomData(value: unknown, findings: Findings): CustomData | undefined {
  if (value == null) return undefined
  if (typeof value !== 'object' || Array.isArray(value)) {
    findings.repair('custom_data_dropped', 'custom_data')
    return undefined
  }
  const given = safeTree(value, 'custom_data', findings) as Readonly<Record<string, unknown>>
  const customData: CustomData = {}
  for (const key of Object.keys(given)) {
    const reader = Object.hasOwn(READERS, key) ? READERS[key] : undefined
    const read = reader === undefined ? given[key] : reader(given[key], `custom_data.${key}`, findings)
    if (read !== undefined) customData[key] = read
  }
  return customData
}
