import type { Content, DeliveryCategory } from '@pixel-mirror/common'
import type { Findings } from '../findings.js'
import { readNumber } from './numbers.js'

const DELIVERY_CATEGORIES = new Set<unknown>(['in_store', 'curbside', 'home_delivery'] satisfies DeliveryCategory[])

/** `content_ids`: texts and whole numbers; a single one is a list of one. */
export function readContentIds(value: unknown, findings: Findings): (string | number)[] | undefined {
  const path = 'custom_data.content_ids'
  const list = readList(value, path, findings)
  if (list === undefined) return undefined
  if (list.every(isId)) return list.length > 0 ? list : undefined
  findings.repair('content_ids_dropped', path)
  const ids = list.filter(isId)
  return ids.length > 0 ? ids : undefined
}

/** `contents`: each needs an id and a quantity. A missing quantity is one; an entry without an id says nothing. */
export function readContents(value: unknown, findings: Findings): Content[] | undefined {
  const list = readList(value, 'custom_data.contents', findings)
  if (list === undefined) return undefined
  const contents: Content[] = []
  for (let index = 0; index < list.length; index++) {
    const content = readContent(list[index], `custom_data.contents[${index}]`, findings)
    if (content !== undefined) contents.push(content)
  }
  return contents.length > 0 ? contents : undefined
}

function readContent(value: unknown, path: string, findings: Findings): Content | undefined {
  if (isId(value)) {
    findings.repair('contents_completed', path)
    return { id: String(value), quantity: 1 }
  }
  const given = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  if (!isId(given.id)) {
    findings.repair('contents_dropped', path)
    return undefined
  }
  if (isInOrder(given)) return given
  const { id, quantity, item_price, price, delivery_category, ...rest } = given
  const content: Content = { ...rest, id: String(id), quantity: readQuantity(quantity, path, findings) }
  const itemPrice = readNumber(item_price, `${path}.item_price`, findings)
  if (itemPrice !== undefined) content.item_price = itemPrice
  const offlinePrice = readNumber(price, `${path}.price`, findings)
  if (offlinePrice !== undefined) Object.assign(content, { price: offlinePrice })
  const category = readDeliveryCategory(delivery_category, `${path}.delivery_category`, findings)
  if (category !== undefined) content.delivery_category = category
  return content
}

/** Most are, and need no copy. */
function isInOrder(given: Record<string, unknown>): given is Record<string, unknown> & Content {
  const { id, quantity, item_price, price, delivery_category } = given
  return (
    typeof id === 'string' &&
    id !== '' &&
    isFinite(quantity) &&
    (item_price === undefined || isFinite(item_price)) &&
    price === undefined &&
    delivery_category === undefined
  )
}

function isFinite(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value)
}

function readQuantity(value: unknown, path: string, findings: Findings): number {
  const quantity = readNumber(value, `${path}.quantity`, findings)
  if (quantity !== undefined) return quantity
  if (value == null) findings.repair('contents_completed', `${path}.quantity`)
  return 1
}

export function readDeliveryCategory(value: unknown, path: string, findings: Findings): DeliveryCategory | undefined {
  if (value == null) return undefined
  if (DELIVERY_CATEGORIES.has(value)) return value as DeliveryCategory
  findings.repair('delivery_category_dropped', path)
  return undefined
}

/** The noscript image carries lists as JSON text. */
function readList(value: unknown, path: string, findings: Findings): unknown[] | undefined {
  if (value == null || value === '') return undefined
  if (Array.isArray(value)) return value as unknown[]
  findings.repair(`${path.slice('custom_data.'.length)}_single`, path)
  const parsed = typeof value === 'string' && value.startsWith('[') ? parse(value) : undefined
  return Array.isArray(parsed) ? (parsed as unknown[]) : [value]
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Not JSON after all: then it is one id that begins with a bracket.
    return undefined
  }
}

function isId(value: unknown): value is string | number {
  return (typeof value === 'string' && value !== '') || (typeof value === 'number' && Number.isFinite(value))
}
