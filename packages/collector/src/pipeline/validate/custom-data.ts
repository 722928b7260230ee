import type { CustomData } from '@pixel-mirror/common'
import type { Findings } from '../findings.js'
import { readContentIds, readContents, readDeliveryCategory } from './contents.js'
import { readCurrency } from './currency.js'
import { readNumber } from './numbers.js'
import { safeTree } from './safe-tree.js'

type Reader = (value: unknown, findings: Findings) => unknown

/** The properties whose form Meta checks. All others may hold anything. */
const READERS: Readonly<Record<string, Reader>> = {
  value: number('value'),
  currency: (value, findings) => readCurrency(value, 'custom_data.currency', findings),
  content_ids: readContentIds,
  contents: readContents,
  num_items: number('num_items'),
  predicted_ltv: number('predicted_ltv'),
  net_revenue: number('net_revenue'),
  order_id: text('order_id'),
  content_type: text('content_type'),
  content_name: text('content_name'),
  search_string: text('search_string'),
  delivery_category: (value, findings) => readDeliveryCategory(value, 'custom_data.delivery_category', findings),
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
    const read = Object.hasOwn(READERS, key) ? READERS[key]?.(given[key], findings) : given[key]
    if (read !== undefined) customData[key] = read
  }
  return customData
}

function number(name: string): Reader {
  return (value, findings) => readNumber(value, `custom_data.${name}`, findings)
}

/** Numbers are written out; what is neither text nor number is left out. */
function text(name: string): Reader {
  return (value, findings) => {
    if (typeof value === 'string') return value
    if (typeof value === 'number' && Number.isFinite(value)) return String(value)
    findings.repair(`${name}_dropped`, `custom_data.${name}`)
    return undefined
  }
}
