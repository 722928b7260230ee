import type { Content, DeliveryCategory } from '@pixel-mirror/common'
import type { Findings } from '../findings.js'
import { readNumber } from './numbers.js'
import { isBlank, readText } from './texts.js'

const DELIVERY_CATEGORIES = new Set<unknown>(['in_store', 'curbside', 'home_delivery'] satisfies DeliveryCategory[])

/** `content_ids`: texts and whole numbers; a single one is a list of one. */
export function readContentIds(value: unknown, path: string, findings: Findings): (string | number)[] | undefined {
  const list = readList(value, path, findings)
  if (list === undefined) return undefined
  if (list.every(isId)) return list.length > 0 ? list : undefined
  findings.repair('content_ids_dropped', path)
  const ids = list.filter(isId)
  return ids.length > 0 ? ids : undefined
}

/** `contents`: each needs an id and a quantity. A missing quantity is one; an entry without an id says nothing. */
export function readContents(value: unknown, path: string, findings: Findings): Content[] | undefined {
  const list = readList(value, path, findings)
  if (list === undefined) return undefined
  const contents: Content[] = []
  for (let index = 0; index < list.length; index++) {
    const content = readContent(list[index], `${path}[${index}]`, findings)
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
  const content: Record<string, unknown> & Content = {
    id: String(given.id),
    quantity: readQuantity(given.quantity, path, findings),
  }
  for (const key of Object.keys(given)) {
    if (key === 'id' || key === 'quantity') continue
    const reader = Object.hasOwn(READERS, key) ? READERS[key] : undefined
    const read = reader === undefined ? given[key] : reader(given[key], `${path}.${key}`, findings)
    if (read !== undefined) content[key] = read
  }
  return content
}

type Reader = (value: unknown, path: string, findings: Findings) => unknown

/** The properties of a product whose form Meta checks, beside id and quantity. */
const READERS: Readonly<Record<string, Reader>> = {
  item_price: readNumber,
  price: readNumber,
  title: readText,
  description: readText,
  brand: readText,
  category: readText,
  delivery_category: readDeliveryCategory,
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
  return typeof value === 'string' ? !isBlank(value) : Number.isSafeInteger(value)
}
